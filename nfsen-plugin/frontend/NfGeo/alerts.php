<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/* Alerts: the list, and one with its evidence. */

const NfGeo_ALERT = array('id', 'time', 'slot', 'alert', 'rule', 'state', 'address', 'country', 'as',
	'flows', 'targets', 'ports', 'rearm');
const NfGeo_RULES = array('horizontal' => 'Scan of many hosts', 'vertical' => 'Scan of many ports',
	'rate' => 'Rate of a country');

function NfGeo_LoadAlerts($page)
{
	return NfGeo_Ask('alerts', array('limit' => '500'));
}

function NfGeo_LoadAlert($page)
{
	if ($page['input']['geo_alert'] === '')
		return array(NfGeo_TROUBLE => 'no alert was chosen');
	return NfGeo_Ask('alert', array('alertid' => $page['input']['geo_alert']));
}

/* "203 CZ" as a link to the country. */
function NfGeo_CountryOf($page, $text)
{
	if (!preg_match('/^(\d{1,4})(?: (\S+))?$/D', $text, $part))
		return NfGeo_Text($text);
	$name = NfGeo_Name((int)$part[1], $part[2] ?? '');
	return "<a href='" . NfGeo_Link($page, array('geo_view' => 'country', 'geo_country' => $part[1])) .
		"'>" . ($name === '' || $name === '..' ? 'unknown' : $name) . '</a>';
}

function NfGeo_AsText($as)
{
	return (int)$as > 0 ? 'AS' . (int)$as : '';
}

function NfGeo_PrintAlertTable($page, $alerts)
{
	print "<div class='wide'><table class='list'>\n<thead><tr><th class='name'>Time</th><th class='name'>What</th>" .
		"<th class='name'>Source</th><th class='name'>Country</th><th class='name'>AS</th><th class='number'>SYN-only</th>" .
		"<th class='number'>Targets</th><th class='number'>Ports</th><th class='name'>State</th></tr></thead>\n<tbody>\n";
	foreach ($alerts as $alert) {
		$link = NfGeo_Link($page, array('geo_view' => 'alert', 'geo_alert' => $alert['id']));
		print "<tr><td class='name'><a href='$link'>" . NfGeo_TimeText($alert['time']) . "</a></td><td class='name'>" .
			NfGeo_Text(NfGeo_RULES[$alert['rule']] ?? $alert['rule']) . "</td><td class='name'><a href='$link'>" .
			($alert['address'] === '' ? 'evidence' : NfGeo_Text($alert['address'])) . "</a></td><td class='name'>" .
			NfGeo_CountryOf($page, $alert['country']) . "</td><td class='name'>" . NfGeo_AsText($alert['as']) . '</td>';
		foreach (array('flows', 'targets', 'ports') as $count)
			print "<td class='number' title='" . NfGeo_Full($alert[$count]) . "'>" . ($alert[$count] === '' ? '' : NfGeo_Number($alert[$count])) .
				'</td>';
		print "<td class='name'>" . NfGeo_Text($alert['state']) . "</td></tr>\n";
	}
	print "</tbody></table></div>\n";
}

function NfGeo_AlertRows($answer)
{
	return NfGeo_NumberRows($answer, 'alert', NfGeo_ALERT, array('id', 'slot', 'alert', 'rule', 'state',
		'address', 'country'));
}

/* Below the map: the last few. */
function NfGeo_PrintLatestAlerts($page, $answer)
{
	$alerts = NfGeo_AlertRows($answer);
	if (isset($answer[NfGeo_TROUBLE]))
		NfGeo_Notice('bad', "The alerts could not be read: {$answer[NfGeo_TROUBLE]}");
	elseif ($alerts) {
		print "<h3>Latest alerts</h3>\n";
		NfGeo_PrintAlertTable($page, $alerts);
	}
}

function NfGeo_PrintAlertsOf($page, $number, $name)
{
	$alerts = array_filter(NfGeo_AlertRows($page['data']['alerts']), function ($alert) use ($number) {
		return preg_match('/^\d+/', $alert['country'], $part) && (int)$part[0] === $number;
	});
	if ($alerts) {
		print "<h3>Alerts about $name[html]</h3>\n";
		NfGeo_PrintAlertTable($page, $alerts);
	}
}

function NfGeo_PrintList($heading, $lines)
{
	if (!$lines)
		return;
	print "<h3>$heading</h3>\n<ul>\n";
	foreach ($lines as $line)
		print '<li>' . NfGeo_Text($line) . "</li>\n";
	print "</ul>\n";
}

function NfGeo_PrintAlerts($page)
{
	$answer = $page['data'];
	if (isset($answer[NfGeo_TROUBLE])) {
		NfGeo_Notice('bad', "The alerts could not be read: {$answer[NfGeo_TROUBLE]}");
		return;
	}
	$alerts = NfGeo_AlertRows($answer);
	print "<h2>Alerts</h2>\n";
	if ($alerts)
		NfGeo_PrintAlertTable($page, $alerts);
	else
		NfGeo_Notice('note', 'No alert was raised.');
	$armed = array_column(NfGeo_Rows($answer, 'armed', array('name')), 'name');
	if (!$armed)
		NfGeo_Notice('warn', 'No NfSen alert uses this plugin: nothing is watched. In the tab Alerts, make one with ' .
			'condition plugin NfGeo and the filter: proto tcp and flags S and not flags AFRPU');
	NfGeo_PrintList('NfSen alerts that use this plugin', $armed);
	NfGeo_PrintList('Rules in force', array_column(NfGeo_Rows($answer, 'rule', array('text')), 'text'));
	NfGeo_PrintList('Never an alert', array_column(NfGeo_Rows($answer, 'allow', array('text')), 'text'));
}

/* --- one alert ------------------------------------------------------------------------------ */

/* Tables of evidence: key of the answer => heading, fields with their headings. */
const NfGeo_EVIDENCE = array(
	'source' => array('Top sources', array('address' => 'Address', 'country' => 'Country', 'as' => 'AS',
		'flows' => 'SYN-only flows', 'targets' => 'Targets', 'ports' => 'Ports')),
	'target' => array('Top targets', array('address' => 'Address', 'flows' => 'SYN-only flows',
		'ports' => 'Ports')),
	'port' => array('Top target ports', array('port' => 'Port', 'flows' => 'SYN-only flows',
		'targets' => 'Targets')),
	'exporter' => array('Exporters', array('id' => 'Number', 'address' => 'Address', 'sampling' => 'Sampling 1 in',
		'flows' => 'Flows', 'used' => 'Counted')),
);

function NfGeo_PrintEvidence($page, $answer, $key)
{
	list($heading, $fields) = NfGeo_EVIDENCE[$key];
	$rows = NfGeo_Rows($answer, $key, array_keys($fields));
	$counts = array('flows', 'targets', 'ports');
	if (!$rows)
		return;

	print "<div><h3>$heading</h3>\n<table class='list'>\n<thead><tr>";
	foreach ($fields as $field => $text)
		print "<th class='" . (in_array($field, $counts) ? 'number' : 'name') . "'>$text</th>";
	print "</tr></thead>\n<tbody>\n";
	foreach ($rows as $row) {
		print '<tr>';
		foreach ($row as $field => $value)
			if (in_array($field, $counts))
				print "<td class='number' title='" . NfGeo_Full(NfGeo_IsCount($value) ? $value : '') . "'>" .
					NfGeo_Number(NfGeo_IsCount($value) ? $value : '') . '</td>';
			else
				print "<td class='name'>" . ($field === 'country' ? NfGeo_CountryOf($page, $value)
					: ($field === 'as' ? NfGeo_AsText($value) : NfGeo_Text($value))) . '</td>';
		print "</tr>\n";
	}
	print "</tbody></table></div>\n";
}

/* What the alert says of itself, as pairs of a heading and HTML; empty ones are left out. */
function NfGeo_AlertFacts($page, $answer)
{
	$text = function ($key) use ($answer) { return NfGeo_Text($answer[$key] ?? ''); };
	$count = function ($key) use ($answer) {
		return NfGeo_IsCount($answer[$key] ?? '') ? NfGeo_Text(number_format((float)$answer[$key])) : '';
	};
	$baseline = ($answer['median'] ?? '') === '' ? '' : 'median ' . $text('median') . ', MAD ' . $text('mad') .
		', of ' . $text('days') . ' days';
	return array('Raised' => NfGeo_TimeText($answer['time'] ?? ''), 'Slot' => NfGeo_SlotText($answer['slot'] ?? ''),
		'Source' => $text('address'), 'Country' => NfGeo_CountryOf($page, $answer['country'] ?? ''),
		'AS' => NfGeo_AsText($answer['as'] ?? ''), 'SYN-only flows' => $count('flows'),
		'Targets' => $count('targets'), 'Ports' => $count('ports'), 'Threshold' => $text('threshold'),
		'Window' => ($answer['window'] ?? '') === '' ? '' : $text('window') . ' s', 'Baseline' => $baseline,
		'Seen' => ($answer['seen'] ?? '') === '' ? '' : 'in ' . $text('seen') . ' slots, the last ' .
			NfGeo_SlotText($answer['last_slot'] ?? ''),
		'NfSen alert' => $text('alert'), 'State' => $text('state'),
		'Silent until' => NfGeo_TimeText($answer['rearm'] ?? ''));
}

function NfGeo_PrintAlert($page)
{
	$answer = $page['data'];
	if (isset($answer[NfGeo_TROUBLE])) {
		NfGeo_Notice('bad', "This alert could not be read: {$answer[NfGeo_TROUBLE]}");
		return;
	}
	$rule = $answer['rule'] ?? '';
	print '<h2>' . NfGeo_Text(NfGeo_RULES[$rule] ?? $rule) . ' <span class="letters">' .
		NfGeo_Text($answer['id'] ?? '') . "</span></h2>\n<p class='reason'>" . NfGeo_Text($answer['reason'] ?? '') .
		"</p>\n<table class='facts'>\n";
	foreach (NfGeo_AlertFacts($page, $answer) as $heading => $html)
		if ($html !== '')
			print "<tr><th class='name'>$heading</th><td class='name'>$html</td></tr>\n";
	print "</table>\n";
	NfGeo_PrintSampled($answer);
	NfGeo_PrintCommand($page, $answer);
	print "<div class='side'>\n";
	foreach (array_keys(NfGeo_EVIDENCE) as $key)
		NfGeo_PrintEvidence($page, $answer, $key);
	print "</div>\n";
}

/* Sampled exporters see one packet in many: said next to the numbers. */
function NfGeo_PrintSampled($answer)
{
	$fields = array_keys(NfGeo_EVIDENCE['exporter'][1]);
	foreach (NfGeo_Rows($answer, 'exporter', $fields) as $exporter)
		if ((int)$exporter['sampling'] > 1)
			NfGeo_Notice('warn', "Exporter $exporter[address] samples 1 in $exporter[sampling]: " .
				($exporter['used'] === 'no' ? 'its flows did not count.' : 'its flows count as they came.'));
}

function NfGeo_PrintCommand($page, $answer)
{
	if (($answer['command'] ?? '') !== '')
		print "<h3>The flows</h3>\n<pre class='command'>" . NfGeo_Text($answer['command']) . "</pre>\n";
	if (($answer['filter'] ?? '') === '' || !preg_match('/^\d{12}$/D', $answer['slot'] ?? ''))
		return;
	$window = array('first' => $answer['slot'], 'last' => $answer['slot'], 'count' => 1);
	print NfGeo_DetailsForm($window, 'flows') . NfGeo_FilterButton($answer['filter'], 'Open in Details') .
		"</div></form>\n";
}
