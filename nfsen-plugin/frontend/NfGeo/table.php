<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of countries: sorted by links, a bar for the share, buttons into NfSen's Details page. */

/* Rows in the order asked for; what is not known comes last, equal rows by number. */
function NfGeo_Sort($rows, $sort, $order)
{
	$sign = $order === 'up' ? 1 : -1;

	usort($rows, function ($a, $b) use ($sort, $sign) {
		$compared = $sort === 'name' ? strcasecmp($a['name'], $b['name']) : $a[$sort] <=> $b[$sort];
		$unknown = ($a[$sort] === '') <=> ($b[$sort] === '');
		return $unknown ?: $sign * $compared ?: $a['number'] <=> $b['number'];
	});
	return $rows;
}

/* A heading that sorts: downwards first (names upwards), the other way when it is sorted already. */
function NfGeo_Heading($page, $sort, $text, $title)
{
	$input = $page['input'];
	$first = $sort === 'name' ? 'up' : 'down';
	$sorted = $input['geo_sort'] === $sort;
	$order = $sorted ? ($input['geo_order'] === 'up' ? 'down' : 'up') : $first;
	$arrow = $sorted ? ($input['geo_order'] === 'up' ? '&nbsp;&#9650;' : '&nbsp;&#9660;') : '';

	return "<th class='" . ($sort === 'name' ? 'name' : 'number') . "' title='" . NfGeo_Text($title) . "'><a href='" .
		NfGeo_Link($page, array('geo_sort' => $sort, 'geo_order' => $order)) . "'>" . NfGeo_Text($text) .
		"$arrow</a></th>";
}

function NfGeo_PrintHeadings($page)
{
	list(, $what) = NfGeo_MEASURES[$page['input']['geo_by']];
	$direction = NfGeo_DIRECTIONS[$page['input']['geo_dir']];

	print "<thead>\n<tr><th></th><th></th><th colspan='4' class='group'>in (to the country)</th>" .
		"<th colspan='4' class='group'>out (from it)</th><th></th><th></th></tr>\n<tr><th></th>" .
		NfGeo_Heading($page, 'name', 'Country', 'by name');
	foreach (array('in' => 'to', 'out' => 'from') as $side => $word)
		foreach (NfGeo_MEASURES as $measure => $texts)
			print NfGeo_Heading($page, "{$side}_$measure", $texts[0], "$texts[1] $word the country");
	print NfGeo_Heading($page, 'value', "Share of $what", "share of all $what, $direction[0]" .
		($page['input']['geo_dir'] === 'both' ? ': each counts for both its countries' : ''));
	print "<th class='name'>Details</th></tr>\n</thead>\n";
}

function NfGeo_Cells($row)
{
	$cells = '';
	foreach (NfGeo_COUNTS as $name) {
		$measure = substr(strstr($name, '_'), 1);
		$class = $row[$name] === '' ? 'number unknown' : ($row[$name] === 0 ? 'number zero' : 'number');
		$cells .= "<td class='$class' title='" . NfGeo_Full($row[$name]) . ' ' . NfGeo_MEASURES[$measure][1] . "'>" .
			NfGeo_Number($row[$name], NfGeo_MEASURES[$measure][2]) . '</td>';
	}
	return $cells;
}

function NfGeo_ShareCell($value, $total)
{
	$width = $value === '' || !$total ? 0 : round(min(100, 100 * $value / $total), 1);
	return "<td class='share'><div class='bar'><i style='width:$width%'></i></div>" .
		($value === '' ? '?' : NfGeo_Percent($value, $total)) . '</td>';
}

/* Into NfSen's Details page: to, from, or either side. */
function NfGeo_DetailButtons($number, $measure)
{
	return "<td class='buttons'>" . NfGeo_FilterButton(NfGeo_Filter($number, 'in', $measure), 'in') .
		NfGeo_FilterButton(NfGeo_Filter($number, 'out', $measure), 'out') .
		NfGeo_FilterButton(NfGeo_Filter($number, 'both', $measure), 'any') . '</td>';
}

function NfGeo_PrintRow($page, $row, $total, $colour)
{
	$number = $row['number'];
	$name = NfGeo_Name($number, $row['name']);
	$letters = $row['alpha2'] === '..' ? '' : NfGeo_Text($row['alpha2']);

	print "<tr id='r$number'><td class='place'><i class='$colour'></i></td><td class='name'><a href='" .
		NfGeo_Link($page, array('geo_view' => 'country', 'geo_country' => (string)$number)) .
		"'>$name</a> <span class='letters'>$letters</span></td>" . NfGeo_Cells($row) .
		NfGeo_ShareCell($row['value'], $total) . NfGeo_DetailButtons($number, $page['input']['geo_by']) . "</tr>\n";
}

/* Which rows: the first so many by the order of the table. */
function NfGeo_PrintTable($page, $countries)
{
	$input = $page['input'];
	$rows = NfGeo_Sort($countries['rows'], $input['geo_sort'], $input['geo_order']);
	$shown = $input['geo_rows'] === 'all' ? $rows : array_slice($rows, 0, (int)$input['geo_rows']);
	$bounds = NfGeo_Steps(array_column($rows, 'value'));
	$total = $countries['total'][$input['geo_by']];

	print "<h3 id='top'>Top countries</h3>\n" . NfGeo_DetailsForm($page['window'], $input['geo_by']) .
		"</div>\n<div class='wide'><table class='countries " . ($input['geo_by'] === 'syn' ? 'warm' : 'cool') . "'>\n";
	NfGeo_PrintHeadings($page);
	print "<tbody>\n";
	foreach ($shown as $row)
		NfGeo_PrintRow($page, $row, $total, NfGeo_ColourClass($row['value'], $bounds));
	if (!$shown)
		print "<tr><td></td><td colspan='11' class='name'>No flow of a known country in this time.</td></tr>\n";
	print "</tbody>\n<tbody class='classes'>\n";
	foreach ($countries['classes'] as $row)
		NfGeo_PrintRow($page, $row, $total, 'nil');
	print "</tbody>\n</table></div>\n</form>\n";
	if (count($rows) > 20) {
		print "<p class='more'>" . count($shown) . ' of ' . count($rows) . ' countries. ';
		NfGeo_Choice($page, 'Show', 'geo_rows', array('20' => '20', '50' => '50', 'all' => 'all'));
		print "</p>\n";
	}
}
