<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/* The first view: totals, map, latest alerts, top countries, and how the largest went through the day. */

function NfGeo_LoadWorld($page)
{
	if ($page['window']['count'] === 0)
		return array();
	return array('countries' => NfGeo_AskCountries($page),
		'alerts' => NfGeo_Ask('alerts', array('limit' => '5')));
}

/* Nothing recorded yet: why, and what to do. */
function NfGeo_PrintNothing($page)
{
	if (isset($page['status'][NfGeo_TROUBLE]))
		return;
	NfGeo_Notice('note', 'Nothing is recorded yet. The plugin counts each slot as NfSen finishes it, five minutes ' .
		'after another; the first comes after the next full five minutes.');
}

/* Slots of the window without values: said, since sums are too low without them. */
function NfGeo_PrintMissing($countries)
{
	if (!$countries['known'])
		NfGeo_Notice('bad', 'Nothing is known about this time: ' . ($countries['slots'] === 1
			? 'its slot was not recorded, or could not be counted.' : 'none of its slots was recorded.'));
	elseif ($countries['missing'] > 0)
		NfGeo_Notice('warn', "$countries[missing] of $countries[slots] slots were not recorded or could not be " .
			'counted. The numbers are those of the others: too low, not complete.');
}

/* Totals and the shares without a country. */
function NfGeo_PrintTotals($page, $countries)
{
	$by = $page['input']['geo_by'];
	$dir = $page['input']['geo_dir'];
	$total = $countries['total'];

	print "<div class='totals'>";
	foreach (NfGeo_MEASURES as $measure => $texts)
		print "<div><b title='" . NfGeo_Full($total[$measure]) . " $texts[1]'>" .
			NfGeo_Number($total[$measure], $texts[2]) . "</b>$texts[0]</div>";
	print '<div><b>' . count($countries['rows']) . '</b>Countries</div>';
	foreach (array(0 => 'Unknown', 1001 => 'Private') as $number => $text) {
		$row = $countries['classes'][$number] ?? null;
		$share = $row ? NfGeo_Percent($row['value'], $total[$by]) : '0&nbsp;%';
		print "<div><b title='" . ($row ? NfGeo_Full($row['value']) : '0') . ' ' . NfGeo_MEASURES[$by][1] . ', ' .
			NfGeo_DIRECTIONS[$dir][0] . "'>" . ($share === '' ? '?' : $share) . "</b>$text</div>";
	}
	print "</div>\n";
}

function NfGeo_PrintChoices($page)
{
	print "<div class='bar'>\n";
	NfGeo_Choice($page, 'Show', 'geo_by', array_map(function ($texts) { return $texts[0]; }, NfGeo_MEASURES));
	NfGeo_Choice($page, 'Direction', 'geo_dir', array_map(function ($texts) { return $texts[0]; },
		NfGeo_DIRECTIONS));
	print "</div>\n";
}

function NfGeo_PrintWorld($page)
{
	if ($page['window']['count'] === 0) {
		NfGeo_PrintNothing($page);
		return;
	}
	NfGeo_PrintTime($page);
	NfGeo_PrintChoices($page);
	$countries = $page['data']['countries'];
	if (isset($countries[NfGeo_TROUBLE])) {
		NfGeo_Notice('bad', "The countries of this time could not be read: {$countries[NfGeo_TROUBLE]}");
		return;
	}
	NfGeo_PrintMissing($countries);
	if ($countries['known'])
		NfGeo_PrintTotals($page, $countries);
	NfGeo_PrintMap($page, $countries);
	NfGeo_PrintLatestAlerts($page, $page['data']['alerts']);
	if ($countries['known'])
		NfGeo_PrintTable($page, $countries);
	$by = $page['input']['geo_by'];
	print "<h3>The largest, over the day</h3>\n" . NfGeo_Graph('graphtop', array('measure' => $by,
		'direction' => $page['input']['geo_dir'], 'period' => 'day', 'tend' => $page['window']['last'],
		'count' => 10, 'width' => 720, 'height' => 200), 'Top 10 countries of the day, by ' .
		NfGeo_MEASURES[$by][1]);
}
