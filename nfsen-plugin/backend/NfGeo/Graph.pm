# SPDX-License-Identifier: BSD-3-Clause
# Pictures by RRDs::graph, in the size and manner of NfSen's own: stacked areas, what goes in above
# the axis and what goes out below. What cannot be drawn becomes a picture that says so.
package NfGeo::Graph;
use strict;
use warnings;
use File::Temp ();
use NfGeo::Countries;
use NfGeo::Store;
use RRDs;

our %PERIOD = (day => 86400, week => 7 * 86400, month => 31 * 86400, year => 366 * 86400);
my %UNIT = (flows => 'flows/s', packets => 'packets/s', bytes => 'bits/s', syn => 'SYN-only flows/s');
my @COLOURS = map {"#$_"} qw(0000ff ff7f00 00aa00 cc0000 8833cc a0522d e377c2 17a2b8 b5a300 336699
  ff99aa 66cc66 884400 6666ff 990066 009988 ccaa44 5577aa aa5555 77aa33);
my $REST_COLOUR = '#aaaaaa';

sub _png {
	my (@arguments) = @_;
	my $file = File::Temp->new(TEMPLATE => 'nfgeo-XXXXXX', TMPDIR => 1, SUFFIX => '.png');

	RRDs::graph("$file", @arguments);
	my $error = RRDs::error();
	die "$error\n" if defined $error;
	open(my $picture, '<:raw', "$file") or die "$file: $!\n";
	local $/;
	return scalar <$picture>;
}

# Words in place of a picture.
sub words {
	my ($text, $options) = @_;
	$text =~ s/[^\x20-\x7e]+/ /g;
	$text =~ tr/\\/\//;
	$text =~ s/:/\\:/g;
	my @lines = substr($text, 0, 400) =~ /(.{1,80})(?:\s+|$)/g;
	return _png('--imgformat', 'PNG', '--start', $options->{end} - $PERIOD{$options->{period}}, '--end',
		$options->{end}, '-w', $options->{width}, '-h', $options->{height}, '--title', 'no graph',
		'HRULE:0#ffffff', map {"COMMENT:$_\\l"} @lines);
}

sub _frame {
	my ($title, $options) = @_;
	return ('--imgformat', 'PNG', '--title', $title, '--vertical-label', $UNIT{$options->{measure}},
		'--start', $options->{end} - $PERIOD{$options->{period}}, '--end', $options->{end},
		'-w', $options->{width}, '-h', $options->{height});
}

# A variable of the measure: DEF, and CDEF with bits for bytes and the direction's sign.
sub _define {
	my ($name, $path, $field, $sign, $measure) = @_;
	my $scale = $sign * ($measure eq 'bytes' ? 8 : 1);
	$path =~ s/:/\\:/g;
	return ("DEF:d$name=$path:$field:AVERAGE", "CDEF:$name=d$name,$scale,*");
}

sub _sides {
	my ($direction) = @_;
	return $direction eq 'both' ? (['in', 1], ['out', -1]) : ([$direction, 1]);
}

# One country, or all flows.
sub country {
	my ($config, $table, $options) = @_;
	my ($code, $measure) = @$options{qw(country measure)};
	my $path = NfGeo::Store::path($config, $code);

	return words('nothing was recorded for this country yet', $options) unless -e $path;
	return _png(_frame("all flows: $UNIT{$measure}, $options->{period}", $options),
		_define('total', $path, $measure, 1, $measure), "AREA:total$COLOURS[0]:all")
	  if $code eq 'total';
	my $name = NfGeo::Countries::row($table, $code)->{name};
	my (@define, @draw);
	for my $side (_sides($options->{direction})) {
		my ($word, $sign) = @$side;
		push @define, _define($word, $path, "${word}_$measure", $sign, $measure);
		push @draw, "AREA:$word" . ($word eq 'in' ? $COLOURS[0] : $COLOURS[1]) . ":$word";
	}
	return _png(_frame("$name: $UNIT{$measure}, $options->{period}", $options), @define, @draw,
		'HRULE:0#000000');
}

# The countries with most of the period, stacked, and the rest of all flows.
sub top {
	my ($config, $table, $options, @codes) = @_;
	my $measure = $options->{measure};
	my $total = NfGeo::Store::path($config, 'total');
	my (@define, @draw);

	return words('nothing was recorded yet', $options) unless @codes && -e $total;
	for my $side (_sides($options->{direction})) {
		my ($word, $sign) = @$side;
		my $colour = 0;
		my @names;
		push @define, _define("all$word", $total, $measure, $sign, $measure);
		for my $code (@codes) {
			my $name = "$word$code";
			my $legend = $sign > 0 ? ':' . NfGeo::Countries::row($table, $code)->{alpha2} : '';
			my $path = NfGeo::Store::path($config, $code);
			push @define, _define($name, $path, "${word}_$measure", $sign, $measure);
			# a country that was not seen yet has no flows, not unknown ones
			push @define, "CDEF:k$name=all$word,UN,UNKN,$name,UN,0,$name,IF,IF";
			push @draw, (@names ? 'STACK' : 'AREA') . ":k$name$COLOURS[$colour++ % @COLOURS]$legend";
			push @names, "k$name";
		}
		push @define, "CDEF:rest$word=all$word," . join(',', map {"$_,-"} @names);
		push @draw, "STACK:rest$word$REST_COLOUR" . ($sign > 0 ? ':others' : '');
	}
	my $title = 'Top ' . scalar(@codes) . ": $UNIT{$measure}, $options->{period}";
	return _png(_frame($title, $options), @define, @draw, 'HRULE:0#000000');
}

1;
