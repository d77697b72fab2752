<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/* One country: its numbers in the window, graphs of day, week, month and year, ways on, its alerts. */

function NfGeo_LoadCountry($page)
{
	if ($page['window']['count'] === 0 || $page['input']['geo_country'] === '')
		return array();
	return array('countries' => NfGeo_AskCountries($page), 'list' => NfGeo_Ask('countries'),
		'alerts' => NfGeo_Ask('alerts', array('limit' => '500')));
}

/* A country or class by number: from the window, else from the backend's list; null = no such one. */
function NfGeo_FindCountry($page, $number)
{
	$countries = $page['data']['countries'];
	$row = $countries['rows'][$number] ?? $countries['classes'][$number] ?? null;
	if ($row)
		return $row;
	foreach (NfGeo_Rows($page['data']['list'], 'country', array('number', 'alpha2', 'alpha3', 'name')) as $found)
		if ($found['number'] === (string)$number) {
			$value = ($countries['known'] ?? false) ? 0 : '';
			return array_merge(array('number' => $number, 'alpha2' => $found['alpha2'], 'name' => $found['name'],
				'value' => $value), array_fill_keys(NfGeo_COUNTS, $value));
		}
	return null;
}

function NfGeo_PrintNumbers($row, $total)
{
	print "<table class='numbers'>\n<thead><tr><th></th><th class='number'>in</th><th class='number'>share</th>" .
		"<th class='number'>out</th><th class='number'>share</th></tr></thead>\n<tbody>\n";
	foreach (NfGeo_MEASURES as $measure => $texts) {
		print "<tr><td class='name'>$texts[0]</td>";
		foreach (array('in', 'out') as $side)
			print "<td class='number' title='" . NfGeo_Full($row["{$side}_$measure"]) . "'>" .
				NfGeo_Number($row["{$side}_$measure"], $texts[2]) . "</td><td class='number'>" .
				NfGeo_Percent($row["{$side}_$measure"], $total[$measure] ?? '') . '</td>';
		print "</tr>\n";
	}
	print "</tbody></table>\n";
}

/* Buttons into NfSen's Details page: the addresses behind the numbers, with the filter set. */
function NfGeo_PrintWays($page, $number, $name)
{
	$words = array('out' => "from $name[text]", 'in' => "to $name[text]", 'both' => 'either');

	print "<div class='ways'><b>Open in NfSen's Details</b>" . NfGeo_DetailsForm($page['window'], 'flows');
	foreach (array('flows' => 'All flows', 'syn' => 'SYN-only') as $measure => $heading) {
		print "<div><span class='label'>$heading</span> ";
		foreach ($words as $direction => $text)
			print NfGeo_FilterButton(NfGeo_Filter($number, $direction, $measure), $text) . ' ';
		print "</div>\n";
	}
	print "</div></form>\n<p class='hint'>" . ($page['window']['count'] <= 12
		? 'The addresses with most flows are listed at once.'
		: 'For more than an hour the filter is set, and runs when you press &quot;process&quot; there.') .
		"</p></div>\n";
}

function NfGeo_PrintGraphs($page, $number, $name)
{
	$measure = $page['input']['geo_graph'];

	print "<h3>" . NfGeo_MEASURES[$measure][0] . " per second: in above the line, out below</h3>\n<div class='bar'>\n";
	NfGeo_Choice($page, 'Graphs of', 'geo_graph', array_map(function ($texts) { return $texts[0]; },
		NfGeo_MEASURES));
	print "</div>\n<div class='graphs'>\n";
	foreach (array('day', 'week', 'month', 'year') as $period)
		print NfGeo_Graph('graph', array('country' => $number, 'measure' => $measure, 'direction' => 'both',
			'period' => $period, 'tend' => $page['window']['last'], 'width' => 470, 'height' => 160),
			"$name[text]: " . NfGeo_MEASURES[$measure][1] . " per second, $period");
	print "</div>\n";
}

function NfGeo_PrintCountry($page)
{
	if ($page['window']['count'] === 0) {
		NfGeo_PrintNothing($page);
		return;
	}
	$number = (int)$page['input']['geo_country'];
	$row = $page['data'] ? NfGeo_FindCountry($page, $number) : null;
	if (!$row) {
		NfGeo_Notice('bad', 'There is no country with this number.');
		return;
	}
	$countries = $page['data']['countries'];
	$name = array('html' => NfGeo_Name($number, $row['name']));
	$name['text'] = html_entity_decode($name['html'], ENT_QUOTES, 'UTF-8');
	NfGeo_PrintTime($page);
	print "<h2>$name[html] <span class='letters'>" . ($number > 0 && $number < 1000
		? NfGeo_Text($row['alpha2']) . ' ' . sprintf('%03d', $number) : 'no country') . "</span></h2>\n";
	if (isset($countries[NfGeo_TROUBLE]))
		NfGeo_Notice('bad', "The numbers of this time could not be read: {$countries[NfGeo_TROUBLE]}");
	else
		NfGeo_PrintMissing($countries);
	print "<div class='side'>\n";
	NfGeo_PrintNumbers($row, $countries['total'] ?? array());
	NfGeo_PrintWays($page, $number, $name);
	print "</div>\n";
	NfGeo_PrintGraphs($page, $number, $name);
	NfGeo_PrintAlertsOf($page, $number, $name);
}
