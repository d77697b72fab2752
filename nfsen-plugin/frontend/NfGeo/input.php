<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the request may say: one row a parameter, with the words or the pattern that it must match.
 * All else becomes the default, with a warning. A link carries all that is not the default; a
 * request without any of them (the tab was clicked, or the page reloads itself) means as before.
 */
const NfGeo_PARAMETERS = array(
	/* name => default, words or pattern */
	'geo_view'    => array('world', array('world', 'country', 'alerts', 'alert', 'profiles')),
	'geo_by'      => array('flows', array('flows', 'packets', 'bytes', 'syn')),
	'geo_dir'     => array('both', array('both', 'in', 'out')),
	'geo_slot'    => array('last', '/^(last|\d{12})$/D'),
	'geo_span'    => array('1', array('1', '12', '72', '288', '2016', '8640', 'from')),
	'geo_from'    => array('', '/^(\d{12})?$/D'),
	'geo_sort'    => array('value', array('value', 'name', 'in_flows', 'in_packets', 'in_bytes', 'in_syn',
		'out_flows', 'out_packets', 'out_bytes', 'out_syn')),
	'geo_order'   => array('down', array('down', 'up')),
	'geo_rows'    => array('20', array('20', '50', 'all')),
	'geo_country' => array('', '/^\d{0,4}$/D'),
	'geo_alert'   => array('', '/^[A-Za-z0-9-]{0,120}$/D'),
	'geo_graph'   => array('flows', array('flows', 'packets', 'bytes', 'syn')),
);

const NfGeo_SLOT_S = 300;
const NfGeo_SPANS = array('1' => '5 minutes', '12' => '1 hour', '72' => '6 hours', '288' => '1 day',
	'2016' => '1 week', '8640' => '30 days');

function NfGeo_ReadInput($request)
{
	/* The form for a time has its date as people write it. */
	if (isset($request['geo_slot']) && is_string($request['geo_slot']) &&
	    preg_match('/^\s*(\d{4})-(\d\d)-(\d\d)[ T]+(\d\d):(\d\d)\s*$/D', $request['geo_slot'], $part))
		$request['geo_slot'] = implode('', array_slice($part, 1));
	if (!array_intersect_key($request, NfGeo_PARAMETERS))
		$request = isset($_SESSION['NfGeo']) && is_array($_SESSION['NfGeo']) ? $_SESSION['NfGeo'] : array();

	$input = array();
	foreach (NfGeo_PARAMETERS as $name => $rule) {
		$input[$name] = $rule[0];
		if (!array_key_exists($name, $request))
			continue;
		if (is_string($request[$name]) && NfGeo_Allowed($request[$name], $rule[1]))
			$input[$name] = $request[$name];
		else
			SetMessage('warning', "Not a value of $name; " .
				($rule[0] === '' ? 'nothing' : "'$rule[0]'") . ' is taken');
	}
	foreach (array('geo_slot', 'geo_from') as $name)
		$input[$name] = NfGeo_CheckSlot($name, $input[$name]);
	$_SESSION['NfGeo'] = $input;
	return $input;
}

function NfGeo_Allowed($value, $rule)
{
	return is_array($rule) ? in_array($value, $rule, true) : preg_match($rule, $value) === 1;
}

/* A slot must be a time that there was: a date of the calendar, rounded down to five minutes. */
function NfGeo_CheckSlot($name, $slot)
{
	$default = NfGeo_PARAMETERS[$name][0];

	if ($slot === $default)
		return $slot;
	list($year, $month, $day, $hour, $minute) = array_map('intval', sscanf($slot, '%4d%2d%2d%2d%2d'));
	if (checkdate($month, $day, $year) && $hour < 24 && $minute < 60 && $year >= 1970 && $year < 2038)
		return substr($slot, 0, 10) . sprintf('%02d', $minute - $minute % 5);
	SetMessage('warning', "There is no such time as $name says; the default is taken");
	return $default;
}

function NfGeo_AddSlots($slot, $count)
{
	return UNIX2ISO(ISO2UNIX($slot) + $count * NfGeo_SLOT_S);
}

/* The slots that the page is about: first and last, and how many. Empty while nothing is recorded. */
function NfGeo_Window($input, $newest)
{
	$last = $input['geo_slot'] === 'last' ? $newest : $input['geo_slot'];
	if (!preg_match('/^\d{12}$/D', $last))
		return array('first' => '', 'last' => '', 'count' => 0, 'newest' => '');

	$count = $input['geo_span'] === 'from' ? 1 : (int)$input['geo_span'];
	if ($input['geo_span'] === 'from' && $input['geo_from'] !== '' && $input['geo_from'] <= $last)
		$count = (int)((ISO2UNIX($last) - ISO2UNIX($input['geo_from'])) / NfGeo_SLOT_S) + 1;
	$count = min($count, 400 * 288);
	return array('first' => NfGeo_AddSlots($last, 1 - $count), 'last' => $last, 'count' => $count,
		'newest' => $newest);
}

/* The address of the page with some parameters changed, as HTML. */
function NfGeo_Link($page, $changes)
{
	$query = array('tab' => 5, 'sub_tab' => $page['tab']);
	foreach (array_merge($page['input'], $changes) as $name => $value)
		if ($name === 'geo_view' || $value !== NfGeo_PARAMETERS[$name][0])
			$query[$name] = $value;
	return NfGeo_Text('nfsen.php?' . http_build_query($query));
}
