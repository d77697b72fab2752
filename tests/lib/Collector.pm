# SPDX-License-Identifier: BSD-3-Clause
# Collector.pm - run nfcapd on loopback for the tests of tests/cli: a free port, its log in a file,
# waiting for what it says instead of sleeping, and a clean stop.
package Collector;
use strict;
use warnings;
use Exporter 'import';
use File::Temp qw(tempdir);
use IO::Socket::IP;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(flows_of slurp spew run_nfcapd shared wait_for);

our $WAIT_S = 30; # a busy machine, sanitizers

sub slurp {
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/;
	return <$file> // '';
}

sub spew {
	my ($path, $text) = @_;
	open my $file, '>', $path or die "$path: $!";
	print $file $text;
	close $file or die "$path: $!";
}

# Wait until the code gives something true, and give that; false after $WAIT_S.
sub wait_for {
	my ($code) = @_;
	my $until = time + $WAIT_S;
	while (time < $until) {
		my $result = $code->();
		return $result if $result;
		sleep 0.02;
	}
	return;
}

sub shared {
	my $path = "$ENV{NFGEO_SHARED}/$_[0]";
	return -e $path ? $path : undef;
}

# Start and wait for the end, as for wrong options: (exit status, output of both streams).
sub run_nfcapd {
	my @args = @_;
	my $pid = open my $out, '-|';
	die "fork: $!" unless defined $pid;
	if (!$pid) {
		open STDERR, '>&', \*STDOUT;
		exec "$ENV{NFGEO_BIN}/nfcapd", @args;
		exit 127;
	}
	local $/;
	my $text = <$out> // '';
	close $out;
	return ($? >> 8, $text);
}

# Flow records of a file by our own reader: a list of {field => value}.
sub flows_of {
	my @flows;
	for my $file (@_) {
		open my $out, '-|', "$ENV{TEST_BIN}/nffile", 'fields', $file or die;
		while (<$out>) {
			push @flows, {} if /^flow$/;
			$flows[-1]{$1} = $2 if @flows && /^(\S+) (.*)$/;
		}
		close $out;
	}
	return @flows;
}

# Collector->new(args => [...], program => path, bare => 1): bare = no -w, no --no-geo.
sub new {
	my ($class, %opt) = @_;
	my $self = bless {dir => tempdir('nfgeo-XXXXXX', TMPDIR => 1, CLEANUP => 1)}, $class;
	$self->{log} = "$self->{dir}/log";
	$self->{data} = "$self->{dir}/data";
	mkdir $self->{data};
	$self->{args} = $opt{args} // [];
	unshift @{$self->{args}}, '-w', $self->{data}, '--no-geo' unless $opt{bare};
	$self->{before} = $opt{before};
	return $self;
}

# Start; the port is chosen by the kernel and read from the log.
sub start {
	my ($self, @more) = @_;
	my $from = -s $self->{log} // 0;
	$self->{pid} = fork // die "fork: $!";
	if (!$self->{pid}) {
		open STDOUT, '>>', $self->{log};
		open STDERR, '>&', \*STDOUT;
		my @command = ("$ENV{NFGEO_BIN}/nfcapd", '-p', 0, @{$self->{args}}, @more);
		exec @{$self->{before} // []}, @command;
		exit 127;
	}
	my $log = wait_for(sub {
		my $text = substr slurp($self->{log}), $from;
		return $text if $text =~ /^Startup nfcapd\.$/m;
		return waitpid($self->{pid}, 1) ? "died\n$text" : undef; # WNOHANG
	}) // 'timeout';
	($self->{port}) = $log =~ /Port: (\d+)/;
	die "nfcapd did not start: $log" if $log !~ /^Startup/m || !$self->{port};
	return $self;
}

sub send_bytes {
	my ($self, $host, @datagrams) = @_;
	my %local = ref $host ? (LocalHost => $host->[1]) : ();
	my $socket = IO::Socket::IP->new(Proto => 'udp', PeerPort => $self->{port},
		PeerHost => ref $host ? $host->[0] : $host, %local) or die "$host: $@";
	$socket->send($_) for @datagrams;
	return scalar @datagrams;
}

# Datagrams of a file, each after its length.
sub datagrams {
	my $bytes = slurp($_[0]);
	my @datagrams;
	while (length $bytes >= 2) {
		my $len = unpack 'n', $bytes;
		push @datagrams, substr $bytes, 2, $len;
		substr($bytes, 0, 2 + $len) = '';
	}
	return @datagrams;
}

sub send_file { my ($self, $host, $file) = @_; return $self->send_bytes($host, datagrams($file)) }

# $flows made-up ones by flowgen, at a gentle rate.
sub generate {
	my ($self, $version, $flows, @more) = @_;
	my $rate = $ENV{NFGEO_SANITIZED} eq 'yes' ? 10000 : 50000;
	my $out = `$ENV{builddir}/tests/bench/flowgen -v $version -n $flows -r $rate @more 127.0.0.1 $self->{port}`;
	return $out =~ /^(\d+) flows/ ? $1 : 0;
}

sub log_text { return slurp($_[0]{log}) }

sub wait_log { my ($self, $regex) = @_; return wait_for(sub { $self->log_text =~ $regex }) }

sub signal { my ($self, $name) = @_; return kill $name => $self->{pid} }

# TERM and wait; the exit status.
sub stop {
	my ($self) = @_;
	return undef unless $self->{pid};
	$self->signal('TERM');
	my $gone = wait_for(sub { waitpid($self->{pid}, 1) });
	my $status = $?;
	if (!$gone) {
		$self->signal('KILL');
		waitpid $self->{pid}, 0;
	}
	delete $self->{pid};
	return $gone ? $status >> 8 : 'does not end';
}

# Finished files, oldest first.
sub files {
	my ($self, $dir) = @_;
	my @files = sort glob +($dir // $self->{data}) . '/nfcapd.2*';
	return @files;
}

# Sum of a counter over all Ident lines of the log.
sub logged {
	my ($self, $what, $ident) = @_;
	my $sum = 0;
	my $which = defined $ident ? quotemeta $ident : "[^']*";
	my $text = $self->log_text;
	$sum += $1 while $text =~ /^Ident: '$which' .*?\b$what: (\d+)/mg;
	return $sum;
}

sub DESTROY { local $?; $_[0]->stop if $_[0]{pid} }

1;
