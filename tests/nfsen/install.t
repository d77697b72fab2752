#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfsen-plugin/install with made-up NfSens: what it copies and links, that it changes nothing when
# something is wrong, that it can be run twice, and that --uninstall takes away exactly what it put.
use strict;
use warnings;
use Test::More;
use File::Find ();
use NfGeoTest;

need_tools('rrdtool');
plan skip_all => 'Perl has no module RRDs' unless eval { require RRDs; 1 };
my $install = "$ENV{srcdir}/nfsen-plugin/install";
my $user    = getpwuid($>);
my $group   = getgrgid((getpwuid($>))[3]);
my $count   = 0;
my $stock   = workdir('stock');
$ENV{PATH} = '/usr/bin:/bin';

# Programs of ours and of the nfdump package, as far as the installer asks them.
sub program {
	my ($path, $text) = @_;

	write_file($path, "#!/bin/sh\n$text\n");
	chmod(0755, $path);
}

sub bin_folder {
	my ($name, $version) = @_;
	my $dir = workdir($name);

	program("$dir/$_", "echo '$_: Version: $version'") for qw(nfcapd nfdump nfprofile nfgeo);
	return $dir;
}

program("$stock/$_", 'exit 0') for qw(nfexpire sfcapd);
my $bin = bin_folder('our bin', '1.7.8 (nfdump-geo 0.1.0)');

# A made-up NfSen; lines go to the end of its configuration.
sub nfsen {
	my (@lines) = @_;
	my $base = workdir('nfsen ' . ++$count);

	mkdir("$base/$_") for qw(plugins html html/plugins var stat);
	write_file("$base/html/nfsen.php", "<?php\n\$expected_version = \"1.3.11\";\n");
	write_file("$base/nfsen.conf", <<"END" . join('', map { "$_\n" } @lines) . "1;\n");
\$BASEDIR = "$base";
\$HTMLDIR = "\${BASEDIR}/html/";
\$VARDIR = "\${BASEDIR}/var";
\$PROFILESTATDIR = "\${BASEDIR}/stat";
\$BACKEND_PLUGINDIR = "\${BASEDIR}/plugins";
\$FRONTEND_PLUGINDIR = "\${HTMLDIR}/plugins";
\$PREFIX = '/usr/bin';
\$USER = '$user';
\$WWWGROUP = '$group';
%sources = ( 'up' => { 'port' => '9995' } );
\@plugins = ( [ '*', 'demoplugin' ] );
%PluginConf = ( demoplugin => { a => 1 } );
END
	return $base;
}

sub tree {
	my ($dir) = @_;
	my %tree;

	File::Find::find({no_chdir => 1, wanted => sub {
		$tree{$_} = -l $_ ? 'link ' . readlink($_) : -d $_ ? 'folder' : read_file($_);
	}}, $dir);
	return \%tree;
}

# Run it as a user would: ($status, $output).
sub installer {
	my ($base, @options) = @_;
	my ($status, $out, $err) = run_program('perl', $install, '--conf', "$base/nfsen.conf", @options);

	return ($status, $out . $err);
}

my @usual = ('--bindir', $bin, '--stock', $stock);

# --- install, again, uninstall --------------------------------------------------------------------

my $base = nfsen();
my $before = tree($base);
my ($status, $out) = installer($base, @usual, '--prefix', "$base/lib/pre fix", '--check');
is($status, 0, 'a check finds no problem') or diag($out);
is_deeply(tree($base), $before, 'and changes nothing');

($status, $out) = installer($base, @usual, '--prefix', "$base/lib/pre fix");
is($status, 0, 'installed, with blanks in all names') or diag($out);
for my $half (['backend', 'plugins'], ['frontend', 'html/plugins']) {
	my $from = tree("$ENV{srcdir}/nfsen-plugin/$half->[0]");
	my $to   = tree("$base/$half->[1]");
	my %want = map { my $path = $_; s{^\Q$ENV{srcdir}\E/nfsen-plugin/$half->[0]}{$base/$half->[1]}; $_ => $from->{$path} } keys %$from;
	delete $to->{"$base/plugins/NfGeo.installed"};
	is_deeply($to, \%want, "$half->[0]: every file, and nothing else");
}
my %links = ((map { $_ => "$bin/$_" } qw(nfcapd nfdump nfprofile nfgeo)), map { $_ => "$stock/$_" } qw(nfexpire sfcapd));
is(readlink("$base/lib/pre fix/$_"), $links{$_}, "\$PREFIX/$_") for sort keys %links;
like($out, qr{\$PREFIX = '\Q$base\E/lib/pre fix';\npush \@plugins, \[ 'live', 'NfGeo' \];\n\$PluginConf\{NfGeo\} = \{\n\thome}, 'the lines for nfsen.conf');
like($out, qr/warning .*has blanks/, 'a prefix with blanks is warned of: NfSen itself cannot');
like($out, qr/ok +NfSen 1\.3\.11/, 'the version of NfSen');

# The lines as printed make a configuration that needs nothing more.
my ($lines) = $out =~ /before its last line "1;":\n\n(.*?)\n\n/s;
my $text = read_file("$base/nfsen.conf");
write_file("$base/nfsen.conf", $text =~ s/1;\n\z/$lines\n1;\n/r);
my $installed = tree($base);
($status, $out) = installer($base, @usual, '--prefix', "$base/lib/pre fix");
is($status, 0, 'installed again');
is_deeply(tree($base), $installed, 'nothing changed');
like($out, qr/has all that is needed/, 'nothing left to do');
($status, $out) = installer($base, @usual);
is_deeply(tree($base), $installed, 'without --prefix the one of nfsen.conf is taken, since it is ours');

# A newer version: a file of the old one goes, a file that was changed by hand is kept aside.
write_file("$base/plugins/NfGeo.pm", "changed by hand\n");
write_file("$base/html/plugins/NfGeo/gone.php", 'old');
use Digest::SHA 'sha256_hex';
my $manifest = read_file("$base/plugins/NfGeo.installed");
write_file("$base/plugins/NfGeo.installed", "file\t" . sha256_hex('old') . "\t$base/html/plugins/NfGeo/gone.php\n$manifest");
($status, $out) = installer($base, @usual);
is($status, 0, 'an update');
ok(!-e "$base/html/plugins/NfGeo/gone.php", 'a file that is no longer part of it goes');
is(read_file("$base/plugins/NfGeo.pm.old"), "changed by hand\n", 'what was changed by hand is kept aside');
is(read_file("$base/plugins/NfGeo.pm"), read_file("$ENV{srcdir}/nfsen-plugin/backend/NfGeo.pm"), 'and the new one is there');
unlink("$base/plugins/NfGeo.pm.old");

mkdir("$base/var/nfgeo");
write_file("$base/var/nfgeo/state", 'x');
write_file("$base/html/plugins/NfGeo/mine.txt", 'not of the plugin');
unlink("$base/html/plugins/NfGeo/map.js");
($status, $out) = installer($base, '--uninstall');
is($status, 0, 'uninstalled, although a file was missing') or diag($out);
like($out, qr{is still in \Q$base\E/var/nfgeo}, 'what was recorded stays, and is said');
is(read_file("$base/html/plugins/NfGeo/mine.txt"), 'not of the plugin', 'other files stay');
unlink("$base/html/plugins/NfGeo/mine.txt", "$base/var/nfgeo/state");
rmdir("$base/html/plugins/NfGeo");
rmdir("$base/var/nfgeo");
write_file("$base/nfsen.conf", $text);
is_deeply(tree($base), $before, 'and all is as before');
($status, $out) = installer($base, '--uninstall');
is("$status $out", "1 install: nothing is installed: there is no $base/plugins/NfGeo.installed\n", 'there is nothing to uninstall twice');

# Something of it that was changed meanwhile is not taken away.
$base = nfsen();
installer($base, @usual, '--prefix', "$base/pre");
write_file("$base/plugins/NfGeo.pm", 'mine now');
unlink("$base/pre/nfdump");
symlink('/bin/true', "$base/pre/nfdump");
($status, $out) = installer($base, '--uninstall');
is(read_file("$base/plugins/NfGeo.pm") . readlink("$base/pre/nfdump"), 'mine now/bin/true', 'what was changed stays');
like($out, qr{warning  \Q$base\E/plugins/NfGeo\.pm was changed}, 'and is named');
ok(!-e "$base/pre/nfcapd", 'the rest has gone');

# Our programs in the folder that $PREFIX names: only nfdump's own are linked into it.
$base = nfsen();
my $prefix = bin_folder('prefix', '1.7.8 (nfdump-geo 0.1.0)');
program("$prefix/sfcapd", 'exit 0');
write_file("$base/nfsen.conf", read_file("$base/nfsen.conf") =~ s{'/usr/bin'}{'$prefix'}r);
($status, $out) = installer($base, '--bindir', $prefix, '--stock', $stock);
is($status, 0, '$PREFIX is our bin folder') or diag($out);
is(readlink("$prefix/nfexpire") . (-l "$prefix/nfdump" || -l "$prefix/sfcapd" ? ' and more' : ''), "$stock/nfexpire", 'gets the missing link only');
unlike($out, qr/\$PREFIX = /, 'and nfsen.conf keeps its $PREFIX');
installer($base, '--uninstall');
is(join(' ', sort map { s{.*/}{}r } glob("$prefix/*")), 'nfcapd nfdump nfgeo nfprofile sfcapd', 'our own programs stay on uninstall');

# --- what is wrong --------------------------------------------------------------------------------

sub refused {
	my ($name, $folder, $pattern, @options) = @_;
	my $there = tree($folder);
	my ($code, $said) = installer($folder, @options ? @options : (@usual, '--prefix', "$folder/pre"));

	is($code, 1, "$name: refused");
	like($said, $pattern, "$name: said why");
	is_deeply(tree($folder), $there, "$name: nothing was changed");
}

refused('no such user', nfsen('$USER = "nosuchuser";'), qr/PROBLEM  \$USER nosuchuser: there is no such user/);
refused('no such group', nfsen('$WWWGROUP = "nosuchgroup";'), qr/PROBLEM  \$WWWGROUP nosuchgroup: there is no such group/);
refused('no folders', nfsen('$BACKEND_PLUGINDIR = "/nonexistent/plugins";'), qr{PROBLEM  backend plugins: there is no folder /nonexistent/plugins});
refused('another nfdump', nfsen(), qr{PROBLEM  .*nfdump is not that of nfdump-geo: nfdump: Version: 1\.7\.1}, '--bindir', bin_folder('other', '1.7.1'), '--stock', $stock);
refused('no programs', nfsen(), qr{PROBLEM  /nonexistent/nfcapd is not there: make install first}, '--bindir', '/nonexistent', '--stock', $stock);
refused('no nfexpire', nfsen(), qr{PROBLEM  no nfexpire found, NfSen needs it: install the package nfdump}, '--bindir', $bin, '--stock', '/nonexistent');
refused('no sfcapd for sflow', nfsen('$sources{sf} = { port => 9996, type => "sflow" };'), qr{PROBLEM  no sfcapd found}, '--bindir', $bin, '--stock', '/nonexistent');
$base = nfsen();
mkdir("$base/pre");
write_file("$base/pre/nfdump", 'a program of others');
refused('a program in the way', $base, qr{PROBLEM  \Q$base\E/pre/nfdump is another program: say --prefix});
refused('no conf', workdir('nowhere'), qr/nfsen\.conf: No such file/);
refused('a broken conf', nfsen('$x = ;'), qr/syntax error at .*nfsen\.conf line \d+/);
refused('a conf that is false', nfsen('0;', '__END__'), qr/it must end with a true value/);
refused('another conf', do { my $dir = workdir('foreign'); write_file("$dir/nfsen.conf", "\$x = 1;\n1;\n"); $dir }, qr/no \$HTMLDIR, so it is no configuration of NfSen/);
$base = nfsen();
chmod(0666, "$base/nfsen.conf");
refused('a conf that all may write', $base, qr/everybody may write it: chmod o-w/);

# Folders that may not be written: by us, or, as root, by NfSen's user.
$base = nfsen($> == 0 ? ('$USER = "nobody";', '$WWWGROUP = "' . getgrgid((getpwnam('nobody'))[3]) . '";') : ());
chmod(0555, "$base/var");
refused('no state folder', $base, qr{PROBLEM  \S+ may not write \Q$base\E/var: chown});
chmod(0755, "$base/var");
SKIP: {
	skip('root may write everywhere', 3) if $> == 0;
	$base = nfsen();
	chmod(0555, "$base/html/plugins");
	refused('plugins may not be written', $base, qr{html/plugins may not be written: run this as root});
	chmod(0755, "$base/html/plugins");
}
is((run_program('perl', $install))[0], 2, 'no --conf: wrong usage');
is((run_program('perl', $install, '--conf', 'x', '--nonsense'))[0], 2, 'unknown option: wrong usage');

# The built programs themselves satisfy the check of versions.
like((run_program(path_of('nfdump'), '-V'))[1], qr/^\S+ Version: \d\.\d+.*nfdump-geo/, 'nfdump -V as NfSen reads it');
done_testing();
