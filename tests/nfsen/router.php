<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stands in for NfSen's nfsen.php and rrdgraph.php when the page is tested with "php -S": what they
 * give to a plugin, no more. Sockets are $NFSEN_SOCKETS/<situation>.comm; the situation is in
 * the address, .../normal/nfsen.php. PHP's own messages end up in the page, where a test sees them.
 */
error_reporting(E_ALL);
ini_set('display_errors', '1');
date_default_timezone_set('UTC');
if (!preg_match('{^/([a-z]+)/(nfsen|rrdgraph)\.php$}', $_SERVER['SCRIPT_NAME'], $part)) {
	http_response_code(404);
	exit;
}
list(, $situation, $script) = $part;
session_start();
$GMToffset = $situation === 'zone' ? -12600 : 0;
$TZname = 'NST';

function SetMessage($type, $text)
{
	$_SESSION[$type][] = htmlspecialchars($text);
}

function UNIX2ISO($time)
{
	return date('YmdHi', $time);
}

function ISO2UNIX($slot)
{
	return mktime((int)substr($slot, 8, 2), (int)substr($slot, 10, 2), 0, (int)substr($slot, 4, 2),
		(int)substr($slot, 6, 2), (int)substr($slot, 0, 4));
}

function connect()
{
	global $situation;
	$socket = socket_create(AF_UNIX, SOCK_STREAM, 0);
	if (!@socket_connect($socket, getenv('NFSEN_SOCKETS') . "/$situation.comm")) {
		SetMessage('error', 'nfsend connect() error: ' . socket_strerror(socket_last_error($socket)));
		SetMessage('error', 'nfsend - connection failed!');
		return false;
	}
	socket_read($socket, 256, PHP_NORMAL_READ);
	return $socket;
}

function send($socket, $command, $options)
{
	$text = "$command\n";
	foreach ($options as $key => $value)
		$text .= is_array($value) ? implode('', array_map(function ($one) use ($key) { return "_$key=$one\n"; }, $value))
			: "$key=$value\n";
	socket_write($socket, "$text.\n");
}

function nfsend_query($command, $options)
{
	static $socket = null;
	$answer = array();

	$socket = $socket ?: connect();
	if (!$socket)
		return false;
	send($socket, $command, $options);
	for (;;) {
		$line = @socket_read($socket, 65534, PHP_NORMAL_READ);
		if ($line === false || $line === '') {
			SetMessage('error', 'nfsend socket_read() communication error');
			return false;
		}
		$line = rtrim($line);
		if ($line === '.')
			break;
		if ($line === '' || $line[0] === '.' || strpos($line, '=') === false)
			continue;
		list($key, $value) = explode('=', $line, 2);
		if ($key[0] === '_')
			$answer[substr($key, 1)][] = $value;
		else
			$answer[$key] = $value;
	}
	while (($status = rtrim(socket_read($socket, 65534, PHP_NORMAL_READ))) === '')
		continue;
	if (strncmp($status, 'ERR ', 4) !== 0)
		return $answer;
	SetMessage('error', 'nfsend: ' . substr($status, 4));
	return false;
}

/* What NfSen's rrdgraph.php does: commands and parameters that the session was allowed. */
function graph()
{
	header('Content-Type: image/png');
	if (!isset($_SESSION['rrdgraph_cmds'][$_GET['cmd']]) || !($socket = connect()))
		return;
	$options = array_intersect_key($_GET, $_SESSION['rrdgraph_getparams']) + array('.silent' => 1);
	send($socket, '@' . $_GET['cmd'], $options + array('arg' => explode(' ', $_GET['arg'])));
	while (($bytes = @socket_read($socket, 65534)) !== false && $bytes !== '')
		print $bytes;
}

if ($script === 'rrdgraph') {
	graph();
	exit;
}
foreach (array('error', 'warning', 'alert', 'info') as $type)
	unset($_SESSION[$type]);
$_SESSION = array('tab' => 5, 'sub_tab' => $_GET['sub_tab'] ?? 0, 'profile' => 'live', 'profilegroup' => '.',
	'profileswitch' => './live', 'refresh' => 300) + $_SESSION;
header('Content-Type: text/html; charset=ISO-8859-1');
include getenv('NFSEN_PLUGIN') . '/NfGeo.php';
NfGeo_ParseInput($_SESSION['sub_tab'], 'live');
print "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">\n<html>\n<head><title>NFSEN</title></head>\n" .
	"<body>\n<!-- refresh $_SESSION[refresh] -->\n";
foreach (array('error' => '#FF1122', 'warning' => '#FFCB20') as $type => $colour)
	foreach ($_SESSION[$type] ?? array() as $text)
		print "<h3 class='$type' style='background:$colour'>$text!</h3>\n";
NfGeo_Run($_SESSION['sub_tab'], 'live');
print "</body>\n</html>\n";
