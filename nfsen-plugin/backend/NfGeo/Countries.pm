# SPDX-License-Identifier: BSD-3-Clause
# Numbers, letters and names of countries, as `nfgeo countries` has them.
package NfGeo::Countries;
use strict;
use warnings;
use Encode ();
use NfGeo::Run;
use Unicode::Normalize ();

my $TIMEOUT_S = 10;
my $CLASSES_FROM = 1001;

# NfSen's page is ISO 8859-1 and its protocol knows no encoding: accents are taken away.
sub _ascii {
	my ($text) = @_;
	my $plain = Unicode::Normalize::NFD(Encode::decode('UTF-8', $text));
	$plain =~ s/\p{Mn}//g;
	$plain =~ s/[^\x20-\x7e]/?/g;
	$plain =~ tr/|/ /;
	return $plain;
}

# {list => [codes in order], code => {number, alpha2, alpha3, continent, name}, letters => code}
sub table {
	my ($config) = @_;
	my %table = (list => [], code => {}, letters => {});
	my ($status, $output, $messages) = NfGeo::Run::command($TIMEOUT_S, $config->{nfgeo}, 'countries');

	die "status $status of: $config->{nfgeo} countries: $messages\n" if $status;
	for my $line (split /\n/, $output) {
		my ($number, $alpha2, $alpha3, $continent, $name) = split /\t/, $line;
		next unless defined $name && $number =~ /^\d+$/;
		$table{code}{$number} = {number => $number, alpha2 => $alpha2, alpha3 => $alpha3,
			continent => $continent eq '-' ? '' : $continent, name => _ascii($name)};
		push @{$table{list}}, $number;
		@{$table{letters}}{$alpha2, $alpha3} = ($number, $number) if $alpha2 =~ /^[A-Z]/;
	}
	return \%table;
}

# Number of what a person writes; undef when there is no such country.
sub number {
	my ($table, $text) = @_;
	return $table->{letters}{uc $text} if $text =~ /^[A-Za-z]{2,3}$/;
	return $text =~ /^\d{1,4}$/ && $table->{code}{$text + 0} ? $text + 0 : undef;
}

sub row {
	my ($table, $number) = @_;
	return $table->{code}{$number} // {number => $number, alpha2 => '??', alpha3 => '???',
		continent => '', name => 'unassigned'};
}

sub is_class { return $_[0] == 0 || $_[0] >= $CLASSES_FROM }

1;
