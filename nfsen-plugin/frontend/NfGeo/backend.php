<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/* The plugin's commands, as PROTOCOL.md has them: one question, rows of fields to arrays. */

/* The key of an answer that is none; no key of the protocol looks so. */
const NfGeo_TROUBLE = '!';

/*
 * The answer of a command, or array(NfGeo_TROUBLE => why). NfSen would show the reason above the page, or
 * never; it is taken out of NfSen's list, and the page says it where the answer is missing.
 */
function NfGeo_Ask($command, $request = array())
{
	$before = $_SESSION['error'] ?? array();
	$answer = nfsend_query("NfGeo::$command", $request);
	$new = array_slice($_SESSION['error'] ?? array(), count($before));

	if ($before)
		$_SESSION['error'] = $before;
	else
		unset($_SESSION['error']);
	if (is_array($answer) && !$new)
		return $answer;
	$why = htmlspecialchars_decode(implode('; ', array_unique($new)), ENT_QUOTES);
	return array(NfGeo_TROUBLE => $why !== '' ? $why : 'nfsend did not answer');
}

/* The rows of a list: fields by name. Fields that an older backend does not send are ''. */
function NfGeo_Rows($answer, $key, $fields)
{
	$rows = array();

	foreach (isset($answer[$key]) && is_array($answer[$key]) ? $answer[$key] : array() as $line) {
		$values = array_slice(explode('|', $line), 0, count($fields));
		$rows[] = array_combine($fields, array_pad($values, count($fields), ''));
	}
	return $rows;
}

/* The same for numbers: those that are none become '' (not known). */
function NfGeo_NumberRows($answer, $key, $fields, $texts)
{
	$rows = NfGeo_Rows($answer, $key, $fields);
	foreach ($rows as &$row)
		foreach ($row as $name => $value)
			if (!in_array($name, $texts, true))
				$row[$name] = NfGeo_IsCount($value) ? (int)$value : '';
	return $rows;
}

const NfGeo_COUNTS = array('in_flows', 'in_packets', 'in_bytes', 'in_syn', 'out_flows', 'out_packets',
	'out_bytes', 'out_syn');

/* Countries of the window: rows, classes by number, total, slots that are missing; or NfGeo_TROUBLE. */
function NfGeo_AskCountries($page)
{
	$input = $page['input'];
	$top = NfGeo_Ask('top', array('tstart' => $page['window']['first'], 'tend' => $page['window']['last'],
		'measure' => $input['geo_by'], 'direction' => $input['geo_dir'], 'limit' => '0'));
	if (isset($top[NfGeo_TROUBLE]))
		return $top;

	$fields = array_merge(array('number', 'alpha2', 'name'), NfGeo_COUNTS);
	$total = NfGeo_NumberRows(array('total' => array($top['total'] ?? '')), 'total',
		array('flows', 'packets', 'bytes', 'syn'), array());
	$result = array('total' => $total[0], 'slots' => (int)($top['slots'] ?? 0),
		'missing' => (int)($top['missing'] ?? 0), 'known' => isset($top['total']));
	foreach (array('row' => 'rows', 'class' => 'classes') as $key => $list) {
		$result[$list] = array();
		foreach (NfGeo_NumberRows($top, $key, $fields, array('alpha2', 'name')) as $row)
			if ($row['number'] !== '') {
				$row['value'] = NfGeo_Value($row, $input['geo_by'], $input['geo_dir']);
				$result[$list][$row['number']] = $row;
			}
	}
	return $result;
}

/* What a row counts in a measure and a direction. */
function NfGeo_Value($row, $measure, $direction)
{
	$in = $row["in_$measure"];
	$out = $row["out_$measure"];

	if ($direction === 'in')
		return $in;
	if ($direction === 'out')
		return $out;
	return $in === '' || $out === '' ? '' : $in + $out;
}
