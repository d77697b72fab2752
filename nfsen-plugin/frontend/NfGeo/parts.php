<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/* What all views share: head, navigation, notices, graphs, and buttons into NfSen's Details page. */

/* Links for the words of a parameter, the present one marked. */
function NfGeo_Choice($page, $label, $parameter, $words)
{
	$links = array();
	foreach ($words as $word => $text)
		$links[] = (string)$word === $page['input'][$parameter] ? '<b>' . NfGeo_Text($text) . '</b>'
			: "<a href='" . NfGeo_Link($page, array($parameter => (string)$word)) . "'>" .
				NfGeo_Text($text) . '</a>';
	print "<span class='choice'><span class='label'>" . NfGeo_Text($label) . '</span> ' .
		implode(' ', $links) . "</span>\n";
}

function NfGeo_Notice($kind, $text)
{
	print "<p class='notice $kind'>" . NfGeo_Text($text) . "</p>\n";
}

function NfGeo_PrintHead($page)
{
	$names = array('world' => 'World', 'alerts' => 'Alerts', 'profiles' => 'Profiles');
	$shown = array('country' => 'world', 'alert' => 'alerts');
	$view = $shown[$page['input']['geo_view']] ?? $page['input']['geo_view'];

	print "<div class='head'><div class='views'>";
	foreach ($names as $name => $text)
		print "<a class='" . ($name === $view ? 'here' : 'there') . "' href='" .
			NfGeo_Link($page, array('geo_view' => $name)) . "'>$text</a> ";
	print "</div>\n<div class='database'>" . NfGeo_Database($page['status']) . "</div></div>\n";
	NfGeo_PrintZone();
	NfGeo_PrintProblems($page['status']);
}

/* Slots are named in nfsend's local time; with another one in PHP, NfSen's own pages are wrong too. */
function NfGeo_PrintZone()
{
	global $GMToffset, $TZname;

	/* Reckoned as nfsend reckons it. */
	$here = (int)substr(date('O'), 0, 3) * 3600 + (int)substr(date('O'), 3, 2) * 60;
	if (isset($GMToffset) && (int)$GMToffset !== $here)
		NfGeo_Notice('warn', 'The time zone of PHP is ' . date('T') . ', that of nfsend ' . ($TZname ?? 'another') .
			': times on NfSen\'s pages are wrong. Set date.timezone in the php.ini of the web server.');
}

/* Which database tagged the flows. */
function NfGeo_Database($status)
{
	if (isset($status[NfGeo_TROUBLE]))
		return '';
	if (($status['database'] ?? '') === '')
		return 'Country database: <b>unknown</b>';
	$build = NfGeo_TimeText($status['database_build'] ?? '');
	$text = 'Country database: <b>' . NfGeo_Text($status['database']) . '</b>' .
		($build === '' ? '' : ', built ' . substr($build, 0, 10));
	if ((int)($status['databases'] ?? 1) > 1)
		$text .= ' (and ' . ((int)$status['databases'] - 1) . ' other)';
	$hash = preg_replace('/[^0-9a-f]/', '', $status['database_sha256'] ?? '');
	return $hash === '' ? $text : "<span title='SHA-256 $hash'>$text</span>";
}

function NfGeo_PrintProblems($status)
{
	if (isset($status[NfGeo_TROUBLE])) {
		NfGeo_Notice('bad', "The backend plugin does not answer: {$status[NfGeo_TROUBLE]}");
		print "<p>Is <code>NfGeo</code> in <code>@plugins</code> of nfsen.conf, and was nfsend reloaded since? " .
			"Its log (syslog) says why a plugin was not loaded.</p>\n";
		return;
	}
	if (($status['slot_state'] ?? '') === 'failed')
		NfGeo_Notice('bad', 'The last slot, ' . NfGeo_SlotText($status['slot'] ?? '') .
			', could not be counted: its values are unknown, not zero.');
	$problems = NfGeo_Rows($status, 'problem', array('time', 'slot', 'text'));
	if (!$problems)
		return;
	print "<details class='problems'><summary>Problems of late: " . count($problems) . "</summary>\n<ul>\n";
	foreach ($problems as $problem)
		print '<li>' . NfGeo_TimeText($problem['time']) . ' ' .
			($problem['slot'] === '' ? '' : 'slot ' . NfGeo_SlotText($problem['slot']) . ': ') .
			NfGeo_Text($problem['text']) . "</li>\n";
	print "</ul></details>\n";
}

/* --- time ----------------------------------------------------------------------------------- */

function NfGeo_WindowText($window)
{
	$end = NfGeo_SlotText(NfGeo_AddSlots($window['last'], 1));
	$first = NfGeo_SlotText($window['first']);
	return $first . ' - ' . (substr($first, 0, 10) === substr($end, 0, 10) ? substr($end, 11) : $end);
}

function NfGeo_PrintTime($page)
{
	$window = $page['window'];
	$count = $window['count'];
	$step = array('geo_span' => $page['input']['geo_span']);
	if ($step['geo_span'] === 'from')
		$step['geo_from'] = NfGeo_AddSlots($window['first'], -$count);
	$back = NfGeo_Link($page, array('geo_slot' => NfGeo_AddSlots($window['last'], -$count)) + $step);
	if ($step['geo_span'] === 'from')
		$step['geo_from'] = NfGeo_AddSlots($window['first'], $count);
	$next = NfGeo_AddSlots($window['last'], $count);

	print "<form class='bar' action='nfsen.php' method='get'>\n<span class='choice'>" .
		"<a class='step' href='$back' title='earlier'>&lt;</a> <b class='window'>" .
		NfGeo_WindowText($window) . '</b> ';
	if ($page['input']['geo_slot'] !== 'last' && $next < $window['newest'])
		print "<a class='step' href='" . NfGeo_Link($page, array('geo_slot' => $next) + $step) .
			"' title='later'>&gt;</a> ";
	if ($page['input']['geo_slot'] !== 'last')
		print "<a class='step' href='" . NfGeo_Link($page, array('geo_slot' => 'last', 'geo_from' => '',
			'geo_span' => $page['input']['geo_span'] === 'from' ? '1' : $page['input']['geo_span'])) .
			"'>latest</a>";
	print "</span>\n";
	NfGeo_Choice($page, 'Range', 'geo_span', NfGeo_SPANS);
	NfGeo_PrintMarked($page);
	foreach (array('tab' => '5', 'sub_tab' => (string)$page['tab']) + $page['input'] as $name => $value)
		if ($name !== 'geo_slot' && $value !== '')
			print "<input type='hidden' name='$name' value='" . NfGeo_Text($value) . "'>";
	print "<span class='choice'><label class='label' for='geo_slot'>Until</label> <input type='text' id='geo_slot' " .
		"name='geo_slot' size='16' value='" . NfGeo_SlotText($window['last']) .
		"'> <input type='submit' value='go'></span>\n</form>\n";
}

/* The window that was marked in NfSen's Details page, as a range of ours. */
function NfGeo_PrintMarked($page)
{
	$left = $_SESSION['tleft'] ?? '';
	$right = $_SESSION['tright'] ?? '';
	if (!is_numeric($left) || !is_numeric($right) || $left > $right || $left <= 0)
		return;
	$range = array('geo_slot' => UNIX2ISO((int)$right), 'geo_from' => UNIX2ISO((int)$left), 'geo_span' => 'from');
	print "<span class='choice'><a href='" . NfGeo_Link($page, $range) .
		"' title='the window marked in Details'>as in Details</a></span>\n";
}

/* --- graphs --------------------------------------------------------------------------------- */

/* rrdgraph.php runs what this session was allowed, and passes on the parameters named here. */
function NfGeo_AllowGraphs()
{
	foreach (array('graph', 'graphtop') as $command)
		$_SESSION['rrdgraph_cmds']["NfGeo::$command"] = 1;
	foreach (array('country', 'measure', 'direction', 'period', 'tend', 'count', 'width', 'height') as $name)
		$_SESSION['rrdgraph_getparams'][$name] = 1;
}

function NfGeo_Graph($command, $parameters, $text)
{
	$query = array('cmd' => "NfGeo::$command") + $parameters + array('arg' => 'x');
	return "<img class='graph' src='rrdgraph.php?" . NfGeo_Text(http_build_query($query)) . "' alt='" .
		NfGeo_Text($text) . "' title='" . NfGeo_Text($text) . "'>\n";
}

/* --- into NfSen's Details page -------------------------------------------------------------- */

/* The filter of a country or class: characters that NfSen lets through (no '=', quotes, ';'). */
function NfGeo_Filter($number, $direction, $measure = 'flows')
{
	$side = array('in' => 'dst ', 'out' => 'src ', 'both' => '');
	$words = array(1001 => 'private', 'shared', 'loopback', 'linklocal', 'multicast', 'documentation',
		'reserved');
	$syn = $measure === 'syn' ? 'proto tcp and flags S and not flags AFRPU and ' : '';

	/* 0 alone would match the classes too. */
	if ((int)$number === 0)
		return "{$syn}{$side[$direction]}ctry 0 and not {$side[$direction]}ctry in [ " . implode(' ', $words) . ' ]';
	return $syn . $side[$direction] . 'ctry ' . ($words[(int)$number] ?? (int)$number);
}

/* Spans of NfSen's Details graph: number of its choice => seconds. */
const NfGeo_WSIZES = array(1 => 86400, 2 => 172800, 4 => 604800, 6 => 2592000, 8 => 15552000, 10 => 31622400);

/*
 * The start of a form that opens NfSen's Details page with the window marked; its buttons carry the
 * filter. NfSen takes these by POST only. Long windows are not run at once: they may take minutes.
 */
function NfGeo_DetailsForm($window, $measure)
{
	$left = ISO2UNIX($window['first']);
	$right = ISO2UNIX($window['last']);
	$size = 10;
	foreach (array_reverse(NfGeo_WSIZES, true) as $number => $seconds)
		if (($right - $left) * 1.3 < $seconds)
			$size = $number;
	$half = (int)((NfGeo_WSIZES[$size] - ($right - $left)) / 2 / NfGeo_SLOT_S) * NfGeo_SLOT_S;
	$fields = array('tab' => 2, 'profileswitch' => './live', 'wsize' => $size, 'tend' => $right + $half,
		'tleft' => $left, 'tright' => $right, 'cursor_mode' => $left === $right ? 0 : 1,
		'stattype' => 1, 'topN' => 1, 'listN' => 1,
		'statorder' => array_search($measure, array('flows', 'packets', 'bytes')) ?: 0);
	if ($window['count'] <= 12)
		$fields['process'] = 'process';

	$html = "<form class='details' action='nfsen.php' method='post'><div>";
	foreach ($fields as $name => $value)
		$html .= "<input type='hidden' name='$name' value='$value'>";
	return $html;
}

function NfGeo_FilterButton($filter, $text)
{
	return "<button type='submit' name='filter' value='" . NfGeo_Text($filter) . "' title='Details of: " .
		NfGeo_Text($filter) . "'>" . NfGeo_Text($text) . '</button>';
}
