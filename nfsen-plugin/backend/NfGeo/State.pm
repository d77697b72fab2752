# SPDX-License-Identifier: BSD-3-Clause
# State in files. nfsend runs every request in a process of its own, so nothing may live in
# variables. A file begins with a line that says what it is and in which version; it is written
# beside its place and renamed into it, so that a reader sees the old one or the new one.
package NfGeo::State;
use strict;
use warnings;
use Fcntl qw(:flock);
use File::Path ();

my $VERSION = 1;

sub make_dir {
	my ($dir) = @_;
	return if -d $dir;
	File::Path::make_path($dir, {mode => 0775, error => \my $errors});
	for my $error (@$errors) {
		my (undef, $text) = %$error;
		die "cannot make the directory $dir: $text\n";
	}
	return;
}

# Dies with a line that names the file; the old content is still there then.
sub write_lines {
	my ($path, $kind, @lines) = @_;
	my $new = "$path.$$.new";

	make_dir($path =~ s{/[^/]*$}{}r);
	open(my $file, '>', $new) or die "cannot write $new: $!\n";
	my $done = print {$file} map {"$_\n"} "nfgeo $kind $VERSION", @lines;
	$done = close($file) && $done;
	if (!$done || !rename($new, $path)) {
		my $reason = $!;
		unlink($new);
		die "cannot write $path: $reason\n";
	}
	return;
}

# No file, or one of a version to come: nothing. The latter is left alone until it is written.
sub read_lines {
	my ($path, $kind) = @_;

	open(my $file, '<', $path) or return;
	my $head = <$file> // '';
	my ($version) = $head =~ /^nfgeo \Q$kind\E (\d+)$/;
	return unless $version && $version <= $VERSION;
	my @lines = <$file>;
	chomp(@lines);
	return @lines;
}

# key=value lines; a value that is a list is one line an element.
sub write_hash {
	my ($path, $kind, $hash) = @_;
	my @lines;

	for my $key (sort keys %$hash) {
		my $value = $hash->{$key};
		push @lines, map { "_$key=" . s/[\r\n]+/ /gr } @$value if ref $value;
		push @lines, "$key=" . ($value // '') =~ s/[\r\n]+/ /gr unless ref $value;
	}
	return write_lines($path, $kind, @lines);
}

sub read_hash {
	my ($path, $kind) = @_;
	my %hash;

	for my $line (read_lines($path, $kind)) {
		if ($line =~ /^_([^=]+)=(.*)/) {
			push @{$hash{$1}}, $2;
		} elsif ($line =~ /^([^=]+)=(.*)/) {
			$hash{$1} = $2;
		}
	}
	return \%hash;
}

# Run code while no other process is in here with the same name.
sub locked {
	my ($config, $name, $code) = @_;
	my $path = "$config->{statedir}/$name.lock";

	make_dir($config->{statedir});
	open(my $file, '>>', $path) or die "cannot write $path: $!\n";
	flock($file, LOCK_EX) or die "cannot lock $path: $!\n";
	return $code->();
}

1;
