# SPDX-License-Identifier: BSD-3-Clause
# What other decoders read in the datagrams of ../shared/captures/exporters: their expected output
# lies beside the captures, in four forms. Each becomes a list of lines
#     SOURCE PORT DESTINATION PORT PACKETS BYTES
# with ports 0 for ICMP, as line() also makes of a flow of ours.
package Goldens;
use strict;
use warnings;
use JSON::PP ();
use NfGeoTest ();

my $json = JSON::PP->new->allow_nonref;

sub first_of { (grep { defined && length } @_)[0] }

# Both addresses of a side that may be meant: SRv6 and MPLS routers send an outer and an inner one.
sub addresses {
	my %seen;
	return [grep { defined && $_ ne '0.0.0.0' && $_ ne '::' && !$seen{$_}++ } @_];
}

sub line {
	my (%flow) = @_;
	my $icmp = ($flow{proto} // '') =~ /^(?:1|58|.*icmp.*)$/i;
	my @ports = $icmp ? (0, 0) : ($flow{sport} // 0, $flow{dport} // 0);
	my ($src, $dst) = ($flow{src}, $flow{dst});
	my @keys;

	for my $i (0 .. ($#$src > $#$dst ? $#$src : $#$dst)) {
		push @keys, join(' ', $src->[$i] // 0, $ports[0], $dst->[$i] // 0, $ports[1]);
	}
	@keys = ("0 $ports[0] 0 $ports[1]") unless @keys;
	return {keys => \@keys, packets => $flow{packets} // 0, bytes => $flow{bytes} // 0,
		sampled => $flow{sampled}};
}

# A flow of nfdump -o json.
sub line_of_flow {
	my ($flow) = @_;

	return line(
		src => addresses($flow->{src4_addr}, $flow->{src6_addr}),
		dst => addresses($flow->{dst4_addr}, $flow->{dst6_addr}),
		sport => $flow->{src_port}, dport => $flow->{dst_port}, proto => $flow->{proto},
		packets => $flow->{in_packets}, bytes => $flow->{in_bytes}, sampled => $flow->{sampled});
}

# Whether a flow of ours has the counters of a golden line. Goldens do not apply the sampling rate:
# a sampled flow has both counters multiplied by one number.
sub same_counters {
	my ($golden, $flow) = @_;
	my ($packets, $bytes) = @$golden{'packets', 'bytes'};

	return 1 if $packets == $flow->{packets} && $bytes == $flow->{bytes};
	return $flow->{sampled} && $packets && $flow->{packets} % $packets == 0 &&
	  $flow->{packets} * $bytes == $packets * $flow->{bytes};
}

sub text { my ($line) = @_; return "$line->{keys}[0] $line->{packets} $line->{bytes}" }

# The lines of a golden that no flow matches, and the flows that no line matches, as texts.
sub compare {
	my ($golden, $flows) = @_;
	my @flows = map { line_of_flow($_) } @$flows;
	my (%have, @missing);

	for my $flow (@flows) {
		push @{$have{$_}}, $flow for @{$flow->{keys}};
	}
	for my $line (@{$golden->{lines}}) {
		my ($flow) = grep { !$_->{taken} && same_counters($line, $_) }
		  map { @{$have{$_} // []} } @{$line->{keys}};
		if ($flow) {
			$flow->{taken} = 1;
		} else {
			push @missing, text($line);
		}
	}
	return (\@missing, [map { text($_) } grep { !$_->{taken} } @flows]);
}

# Fields by their IANA names (NetGauze, and logstash for IPFIX).
sub line_of_elements {
	my ($e) = @_;

	return line(
		src => addresses($e->{sourceIPv4Address}, $e->{sourceIPv6Address}),
		dst => addresses($e->{destinationIPv4Address}, $e->{destinationIPv6Address}),
		sport => $e->{sourceTransportPort}, dport => $e->{destinationTransportPort},
		proto => $e->{protocolIdentifier},
		packets => $e->{packetDeltaCount}, bytes => $e->{octetDeltaCount});
}

# logstash-codec-netflow: some of the events of its datagrams.
sub logstash {
	my ($path) = @_;
	my @lines;

	for my $event (@{$json->decode(NfGeoTest::read_file($path))->{events}}) {
		my $e = $event->{netflow};
		next unless $e && defined first_of($e->{in_bytes}, $e->{octetDeltaCount});
		push @lines, defined $e->{octetDeltaCount} ? line_of_elements($e) : line(
			src => addresses($e->{ipv4_src_addr}, $e->{ipv6_src_addr}),
			dst => addresses($e->{ipv4_dst_addr}, $e->{ipv6_dst_addr}),
			sport => $e->{l4_src_port}, dport => $e->{l4_dst_port}, proto => $e->{protocol},
			packets => $e->{in_pkts}, bytes => $e->{in_bytes});
	}
	return @lines;
}

# NetGauze: every data record of every message.
sub netgauze {
	my ($path) = @_;
	my @lines;

	for my $text (split(/\n/, NfGeoTest::read_file($path))) {
		my ($message) = values %{$json->decode($text)};
		for my $record (map { @{$_->{Data}{records} // []} } @{$message->{sets}}) {
			my %e = map { %$_ } grep { ref eq 'HASH' } @{$record->{fields}};
			next if @{$record->{scope_fields}} || !defined $e{octetDeltaCount};
			push @lines, line_of_elements(\%e);
		}
	}
	return @lines;
}

# nfacctd of pmacct: one line a flow; only those of one exporter when `peer` is given.
sub pmacct {
	my ($path) = @_;

	return map { line(src => addresses($_->{ip_src}), dst => addresses($_->{ip_dst}), sport => $_->{port_src},
			dport => $_->{port_dst}, proto => $_->{ip_proto},
			packets => $_->{packets}, bytes => $_->{bytes}) }
	  map { $json->decode($_) } grep { /\S/ } split(/\n/, NfGeoTest::read_file($path));
}

# telegraf: influx line protocol.
sub telegraf {
	my ($path) = @_;
	my @lines;

	for my $text (split(/\n/, NfGeoTest::read_file($path))) {
		my %f = $text =~ /[ ,](\w+)="?([^",\s]*?)"?u?(?=[, ])/g;
		next unless defined $f{src};
		push @lines, line(src => addresses($f{src}), dst => addresses($f{dst}), sport => $f{src_port},
			dport => $f{dst_port}, proto => $f{protocol},
			packets => first_of($f{in_packets}, $f{in_total_packets}),
			bytes => first_of($f{in_bytes}, $f{in_total_bytes}));
	}
	return @lines;
}

# By folder: how the golden files are called and read. `shared`: one golden for all captures of the
# folder, so that a golden flow may be of another capture, but no flow of ours may be unknown to it.
my @kinds = (
	{folder => qr/^telegraf/, files => sub { "$_[0]/expected.out" }, read => \&telegraf},
	{folder => qr/^netgauze/, files => sub { glob("$_[0]/*-flow.json") }, read => \&netgauze},
	{folder => qr/^pmacct/, files => sub { "$_[0]/netgauze-$_[1]-flow.json" },
		read => \&netgauze},
	{folder => qr/^pmacct/, files => sub { "$_[0]/output-flow-00.json" }, read => \&pmacct,
		shared => 1},
);

# The golden files of a group: ({name, shared, lines => [...]}, ...)
sub of_group {
	my ($captures, $group) = @_;
	my ($folder, $capture) = $group->{files}[0] =~ m{^(.*)/(.*?)(?:\.\w+)?$};
	my @found;

	if ($folder =~ /^logstash/) {
		for my $path (glob("$captures/$folder/golden/*.json")) {
			my $names = $json->decode(NfGeoTest::read_file($path))->{datagrams_in_order} // [];
			next unless join(' ', map { "$folder/$_" } @$names) eq join(' ', @{$group->{files}});
			push @found, {name => $path, lines => [logstash($path)]};
		}
	}
	for my $kind (@kinds) {
		next unless $folder =~ $kind->{folder};
		for my $path ($kind->{files}->("$captures/$folder", $capture)) {
			next unless -f $path;
			push @found, {name => $path, shared => $kind->{shared},
				lines => [$kind->{read}->($path)]};
		}
	}
	s{.*/exporters/}{} for map { $_->{name} } @found;
	return @found;
}

1;
