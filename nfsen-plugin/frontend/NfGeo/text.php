<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/* Text for an ISO-8859-1 page of HTML 4.01: escaped, and plain ASCII. */

/* Any text, as HTML. Bytes that are no UTF-8 become U+FFFD; what is not ASCII becomes entities. */
function NfGeo_Text($text)
{
	$html = htmlspecialchars((string)$text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
	$html = preg_replace('/[\x00-\x08\x0b-\x1f\x7f]/', '?', $html);
	return preg_replace_callback('/[^\x00-\x7f]/u', function ($match) {
		return '&#' . NfGeo_CodePoint($match[0]) . ';';
	}, $html);
}

/* The number of one UTF-8 character of two to four bytes (mbstring may not be there). */
function NfGeo_CodePoint($character)
{
	$bytes = array_values(unpack('C*', $character));
	$code = $bytes[0] & (0xff >> (count($bytes) + 1));
	foreach (array_slice($bytes, 1) as $byte)
		$code = $code << 6 | $byte & 0x3f;
	return $code;
}

/* Whether a field is a whole number that fits (the extension ctype may not be there either). */
function NfGeo_IsCount($text)
{
	return preg_match('/^\d{1,18}$/D', (string)$text) === 1;
}

/* 1234567 as "1.23 M"; '' (not known) as a question mark. */
function NfGeo_Number($value, $unit = '')
{
	if ($value === '' || $value === null)
		return '?';
	foreach (array('E' => 1e18, 'P' => 1e15, 'T' => 1e12, 'G' => 1e9, 'M' => 1e6, 'k' => 1e3) as $prefix => $factor)
		if ($value >= $factor) {
			$scaled = $value / $factor;
			$digits = $scaled < 10 ? 2 : ($scaled < 100 ? 1 : 0);
			return number_format($scaled, $digits) . "&nbsp;$prefix$unit";
		}
	return (string)(int)$value . ($unit === '' ? '' : "&nbsp;$unit");
}

/* A number in full, for titles. */
function NfGeo_Full($value)
{
	return $value === '' || $value === null ? 'unknown' : number_format((float)$value);
}

/* Percent with as many digits as say something. */
function NfGeo_Percent($part, $whole)
{
	if ($part === '' || $whole === '' || $whole === null || $whole <= 0)
		return '';
	$percent = 100 * $part / $whole;
	if ($percent > 0 && $percent < 0.01)
		return '&lt;&nbsp;0.01&nbsp;%';
	return number_format($percent, $percent < 10 ? 2 : 1) . '&nbsp;%';
}

/* The words of a measure: heading, and what is counted. */
const NfGeo_MEASURES = array(
	'flows'   => array('Flows', 'flows', ''),
	'packets' => array('Packets', 'packets', ''),
	'bytes'   => array('Bytes', 'bytes', 'B'),
	'syn'     => array('SYN-only', 'SYN-only flows', ''),
);

const NfGeo_DIRECTIONS = array(
	'both' => array('in + out', 'to and from'),
	'in'   => array('in', 'to'),
	'out'  => array('out', 'from'),
);

/* A slot of 12 digits, for people. */
function NfGeo_SlotText($slot)
{
	return preg_match('/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/', (string)$slot, $part)
		? "$part[1]-$part[2]-$part[3] $part[4]:$part[5]" : 'never';
}

function NfGeo_TimeText($unix)
{
	return NfGeo_IsCount($unix) ? date('Y-m-d H:i', (int)$unix) : '';
}
