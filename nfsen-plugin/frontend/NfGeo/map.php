<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world map. world.svg has one line a country, drawn by nfsen-plugin/map/make-map; here each gets
 * a class for its colour, its numbers as a title, and a link. Colours are steps of a logarithmic scale.
 */
const NfGeo_STEPS = 8;

/* The lines of the map: number => array(element, shape, letters, name); names are HTML already. */
function NfGeo_ReadMap()
{
	static $countries = null;

	if ($countries !== null)
		return $countries;
	$countries = array();
	$line = '{^<(path|circle) id="c(\d+)" data-cc="(\w\w)" ([^>]*)><title>([^<]*)</title>}';
	foreach (file(__DIR__ . '/world.svg') ?: array() as $text)
		if (preg_match($line, $text, $part))
			$countries[(int)$part[2]] = array('element' => $part[1], 'shape' => $part[4],
				'letters' => $part[3], 'name' => $part[5]);
	return $countries;
}

/* The name of a country or class, as HTML; the map's names have their accents. */
function NfGeo_Name($number, $fallback)
{
	return NfGeo_ReadMap()[$number]['name'] ?? NfGeo_Text($fallback);
}

/* Bounds of the colour steps: 1, 2, 5, 10 or 1, 3, 10 or powers of ten, as they fit. */
function NfGeo_Steps($values)
{
	$values = array_filter($values, function ($value) { return $value !== '' && $value > 0; });
	if (!$values)
		return array();
	foreach (array(array(1, 2, 5), array(1, 3), array(1)) as $digits) {
		$bounds = NfGeo_Bounds($digits, 10, min($values), max($values));
		if (count($bounds) <= NfGeo_STEPS)
			return $bounds;
	}
	for ($factor = 100; count($bounds) > NfGeo_STEPS; $factor *= 10)
		$bounds = NfGeo_Bounds(array(1), $factor, min($values), max($values));
	return $bounds;
}

/* All bounds up to the highest value, from the last one that is not above the lowest. */
function NfGeo_Bounds($digits, $factor, $lowest, $highest)
{
	$bounds = array();
	for ($power = 1; $power <= $highest; $power *= $factor)
		foreach ($digits as $digit) {
			if ($digit * $power > $highest)
				break;
			if ($digit * $power <= $lowest)
				$bounds = array();
			$bounds[] = $digit * $power;
		}
	return $bounds;
}

/* The colour step of a value, 0 to 7: few steps are spread over the whole range of colours. */
function NfGeo_Step($value, $bounds)
{
	$at = 0;
	foreach ($bounds as $i => $bound)
		if ($value >= $bound)
			$at = $i;
	return count($bounds) < 2 ? NfGeo_STEPS - 3 : (int)round($at * (NfGeo_STEPS - 1) / (count($bounds) - 1));
}

function NfGeo_ColourClass($value, $bounds)
{
	return $value === '' ? 'gap' : ($value > 0 ? 's' . NfGeo_Step($value, $bounds) : 'nil');
}

/* Lines of text about a country, for the hover: name, value, and where it comes from. */
function NfGeo_Tip($row, $name, $input, $total)
{
	list(, $what) = NfGeo_MEASURES[$input['geo_by']];
	$by = $input['geo_by'];
	$share = NfGeo_Percent($row['value'], $total[$by] ?? '');
	$lines = array($name, NfGeo_Full($row['value']) . " $what " . NfGeo_DIRECTIONS[$input['geo_dir']][1] . ' it' .
		($share === '' ? '' : ": $share of all"));
	if ($input['geo_dir'] === 'both')
		$lines[] = NfGeo_Full($row["in_$by"]) . ' in, ' . NfGeo_Full($row["out_$by"]) . ' out';
	if ($by !== 'syn')
		$lines[] = NfGeo_Full(NfGeo_Value($row, 'syn', $input['geo_dir'])) . ' SYN-only flows';
	return implode('&#10;', $lines);
}

function NfGeo_PrintMap($page, $countries)
{
	$input = $page['input'];
	$rows = $countries['rows'];
	$bounds = NfGeo_Steps(array_column($rows, 'value'));
	$svg = file_get_contents(__DIR__ . '/world.svg');

	if (!preg_match('/viewBox="([\d ]+)"/', $svg, $box) || !preg_match('/<path id="sea"[^>]*>/', $svg, $sea)) {
		NfGeo_Notice('bad', 'NfGeo/world.svg is missing or damaged: install the plugin again.');
		return;
	}
	preg_match('/<path class="nobody"[^>]*>/', $svg, $nobody);
	print "<div class='map " . ($input['geo_by'] === 'syn' ? 'warm' : 'cool') . "' id='nfgeo_map'>\n" .
		"<svg xmlns='http://www.w3.org/2000/svg' viewBox='$box[1]' role='img' aria-label='World map'>\n" .
		"<defs><pattern id='nfgeo_hatch' width='46' height='46' patternUnits='userSpaceOnUse' " .
		"patternTransform='rotate(45)'><rect width='46' height='46' fill='#f4f4f2'/>" .
		"<rect width='15' height='46' fill='#c4c4be'/></pattern></defs>\n$sea[0]\n" . ($nobody[0] ?? '') . "\n";
	foreach (NfGeo_ReadMap() as $number => $country) {
		$row = $rows[$number] ?? null;
		$value = $row ? $row['value'] : ($countries['known'] ? 0 : '');
		$tip = $row ? NfGeo_Tip($row, $country['name'], $input, $countries['total'])
			: $country['name'] . '&#10;' . ($countries['known'] ? 'no flows' : 'no data');
		$shape = "<$country[element] class='" . NfGeo_ColourClass($value, $bounds) . "' id='c$number' " .
			"$country[shape]><title>$tip</title></$country[element]>";
		print $row ? "<a href='" . NfGeo_Link($page, array('geo_view' => 'country',
			'geo_country' => (string)$number)) . "'>$shape</a>\n" : "$shape\n";
	}
	print "</svg>\n";
	NfGeo_PrintLegend($input, $bounds, $countries['known']);
	print "</div>\n<script type='text/javascript'>\n";
	readfile(__DIR__ . '/map.js');
	print "</script>\n";
}

function NfGeo_PrintLegend($input, $bounds, $known)
{
	list($heading, , $unit) = NfGeo_MEASURES[$input['geo_by']];

	print "<div class='legend'><b>$heading " . NfGeo_DIRECTIONS[$input['geo_dir']][0] . '</b> ';
	foreach ($bounds as $i => $bound)
		print "<span><i class='s" . NfGeo_Step($bound, $bounds) . "'></i>" .
			($i === 0 ? '&#8805;&nbsp;' : '') . preg_replace('{\.0+(?=&)}', '', NfGeo_Number($bound, $unit)) . '</span> ';
	print $known ? "<span><i class='nil'></i>none</span>" : "<span><i class='gap'></i>no data</span>";
	print "</div>\n";
}
