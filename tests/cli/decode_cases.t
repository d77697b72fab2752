#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
#
# Datagrams written down field by field in tests/wire/*.cases and what must come out of them.
#
#   case NAME
#   options -s 5               for tests/lib/decode
#   v9 [uptime=N] [secs=N] [seq=N] [source=N]       a datagram begins (v5: count=, sampling= ...)
#   ipfix [secs=N] [seq=N] [domain=N]
#   hex BYTES                  bytes of no set, or a whole datagram behind "raw"
#   set ID HEX                 a set as it is; "len=N" in front of the HEX overrides its length
#   template ID FIELD:LEN ...  a set with a template; LEN "v" = variable, FIELD PEN/NUMBER
#   +template ID ...           one more template in the same set; no fields: a withdrawal
#   options-template ID SCOPE:LEN ... | FIELD:LEN ...    also with +
#   data ID WORDS              WORDS: hex; u8:N u16:N u32:N u64:N; a.b.c.d; "text"; v"text" (with its
#                              length in front); zero:N
#   expect TEXT                must be in the output, behind the TEXT before
#   never TEXT                 must not be anywhere
use strict;
use warnings;

my $decode = "$ENV{TEST_BIN}/decode";
my $dir = "$ENV{builddir}/tests/cli";
my (@cases, $case);

sub words
{
	my ($text) = @_;
	my $bytes = '';

	while ($text =~ /\G\s*(v?"[^"]*"|\S+)/g) {
		my $word = $1;
		if ($word =~ /^u8:(\d+)$/) { $bytes .= pack('C', $1) }
		elsif ($word =~ /^u16:(\d+)$/) { $bytes .= pack('n', $1) }
		elsif ($word =~ /^u32:(\d+)$/) { $bytes .= pack('N', $1) }
		elsif ($word =~ /^u64:(\d+)$/) { $bytes .= pack('Q>', $1) }
		elsif ($word =~ /^zero:(\d+)$/) { $bytes .= "\0" x $1 }
		elsif ($word =~ /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/) { $bytes .= pack('C4', $1, $2, $3, $4) }
		elsif ($word =~ /^"(.*)"$/) { $bytes .= $1 }
		elsif ($word =~ /^v"(.*)"$/) { $bytes .= pack('C', length $1) . $1 }
		elsif ($word =~ /^(?:[0-9a-f]{2})+$/) { $bytes .= pack('H*', $word) }
		else { die "word '$word'" }
	}
	return $bytes;
}

sub fields
{
	my $bytes = '';

	for (@_) {
		my ($pen, $number, $length) = m{^(?:(\d+)/)?(\d+):(\d+|v)$} or die "field '$_'";
		$length = 65535 if $length eq 'v';
		$bytes .= pack('nn', defined $pen ? $number | 0x8000 : $number, $length);
		$bytes .= pack('N', $pen) if defined $pen;
	}
	return $bytes;
}

sub put_set
{
	my ($id, $bytes, $length) = @_;

	push @{$case->{sets}}, {id => $id, bytes => $bytes, length => $length};
}

sub end_datagram
{
	my $bytes = delete $case->{header} // return;

	for my $set (@{delete $case->{sets} // []}) {
		$bytes .= pack('nn', $set->{id}, $set->{length} // 4 + length $set->{bytes})
			if defined $set->{id};
		$bytes .= $set->{bytes};
	}
	$case->{dgrams} .= pack('n', length $bytes) . $bytes;
}

sub template
{
	my ($more, $options, $rest) = @_;
	my ($id, @list) = split ' ', $rest;
	my $v9 = $case->{version} == 9;
	my @scope;
	my $bytes;

	if ($options) {
		push @scope, shift @list while @list && $list[0] ne '|';
		shift @list;
	}
	$bytes = fields(@scope, @list);
	if (!$options) { $bytes = pack('nn', $id, scalar @list) . $bytes }
	elsif ($v9) { $bytes = pack('nnn', $id, 4 * @scope, 4 * @list) . $bytes }
	elsif (@scope + @list) { $bytes = pack('nnn', $id, @scope + @list, scalar @scope) . $bytes }
	else { $bytes = pack('nn', $id, 0) }
	if ($more) { $case->{sets}[-1]{bytes} .= $bytes }
	else { put_set(($v9 ? 0 : 2) + ($options ? 1 : 0), $bytes) }
}

sub header
{
	my ($kind, $rest) = @_;
	my %v = (uptime => 100000, secs => 1700000000, seq => 0, source => 0, domain => 0, count => 1,
		 sampling => 0, engine => 0, map { split /=/ } split ' ', $rest);

	end_datagram();
	$case->{version} = $kind eq 'ipfix' ? 10 : $kind eq 'v9' ? 9 : 5;
	$case->{header} = $kind eq 'v9' ? pack('nnNNNN', 9, 1, @v{qw(uptime secs seq source)})
		: $kind eq 'ipfix' ? pack('nnNNN', 10, 0, @v{qw(secs seq domain)})
		: $kind eq 'raw' ? ''
		: pack('nnNNNNnn', substr($kind, 1), @v{qw(count uptime secs)}, 0,
		       @v{qw(seq engine sampling)});
}

sub line
{
	local $_ = shift;
	return if /^\s*(#|$)/;
	my ($word, $rest) = /^\s*(\S+)\s*(.*?)\s*$/;

	if ($word eq 'case') {
		end_datagram() if $case;
		push @cases, $case = {name => $rest, options => '', dgrams => '', checks => []};
	}
	elsif ($word eq 'options') { $case->{options} = $rest }
	elsif ($word =~ /^(v5|v7|v9|ipfix|raw)$/) { header($word, $rest) }
	elsif ($word eq 'hex') { put_set(undef, words($rest)) }
	elsif ($word eq 'set') {
		my ($id, $length, $hex) = $rest =~ /^(\d+)(?:\s+len=(\d+))?\s*(.*)$/;
		put_set($id, words($hex), $length);
	}
	elsif ($word eq 'data') { put_set($1, words($2)) if $rest =~ /^(\d+)\s*(.*)$/ }
	elsif ($word =~ /^(\+?)(options-)?template$/) { template($1, $2, $rest) }
	elsif ($word =~ /^(expect|never)$/) { push @{$case->{checks}}, [$word, $rest] }
	else { die "line '$_'" }
}

for my $path (sort glob "$ENV{srcdir}/tests/wire/*.cases") {
	open(my $file, '<', $path) or die "$path: $!";
	while (<$file>) {
		eval { line($_); 1 } or die "$path:$.: $@";
	}
}
end_datagram();
print '1..', scalar(@cases), "\n";

my $n = 0;
for (@cases) {
	$case = $_;
	my $path = "$dir/case.dgrams";
	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file $case->{dgrams};
	close($file);
	my $all = `timeout 10 $decode -n $case->{options} $path 2>&1`;
	my $failed = $? ? "exit status $?" : '';
	my $at = 0;
	for my $check (@{$case->{checks}}) {
		my ($kind, $text) = @$check;
		if ($kind eq 'never') {
			$failed ||= "never: $text" if index($all, $text) >= 0;
			next;
		}
		my $found = index($all, $text, $at);
		$failed ||= "expect: $text" if $found < 0;
		$at = $found + length $text if $found >= 0;
	}
	$failed ||= 'no checks' if !@{$case->{checks}};
	print $failed ? 'not ok ' : 'ok ', ++$n, " - $case->{name}\n";
	print "# $failed\n", map { "#   $_\n" } split /\n/, $all if $failed;
	unlink $path;
}
