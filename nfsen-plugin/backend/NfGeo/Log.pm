# SPDX-License-Identifier: BSD-3-Clause
# What goes wrong: a line in the syslog, and the last ones in a file for the page.
package NfGeo::Log;
use strict;
use warnings;
use Sys::Syslog;
use NfGeo::State;

my $KEPT = 20;

sub _syslog {
	my ($level, $text) = @_;
	$text =~ s/[\x00-\x1f]+/ /g;
	syslog($level, '%s', "NfGeo: $text");
	return;
}

sub info { return _syslog('info', $_[0]) }

sub warning { return _syslog('warning', $_[0]) }

sub error { return _syslog('err', $_[0]) }

# An error of a slot that the page shows too. Nothing is worse off when it cannot be kept: the
# directory may be what is wrong.
sub problem {
	my ($config, $slot, $text) = @_;
	error($slot ? "slot $slot: $text" : $text);
	$text =~ s/[|\x00-\x1f\x7f-\xff]+/ /g;
	eval {
		my @lines = problems($config);
		unshift @lines, join('|', time(), $slot // '', substr($text, 0, 1000));
		splice(@lines, $KEPT) if @lines > $KEPT;
		NfGeo::State::write_lines("$config->{statedir}/problems", 'problems', @lines);
	};
	return;
}

# Newest first: "time|slot|text".
sub problems {
	my ($config) = @_;
	return NfGeo::State::read_lines("$config->{statedir}/problems", 'problems');
}

1;
