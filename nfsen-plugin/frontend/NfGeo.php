<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NfGeo - the page of countries in NfSen.
 *
 * NfSen includes this file and calls the two functions below: NfGeo_ParseInput before anything is
 * sent, NfGeo_Run for the body of the page. All functions share nfsen.php's one name space, so all
 * are called NfGeo_. The page only asks and shows; nothing that it does changes anything.
 *
 *   NfGeo/input.php    request parameters against a table, links that carry them on, slots
 *   NfGeo/text.php     escaping, numbers, times
 *   NfGeo/backend.php  the plugin's commands (PROTOCOL.md), rows to arrays
 *   NfGeo/parts.php    head, navigation, links into NfSen's Details page, graphs
 *   NfGeo/map.php      the world map and its legend
 *   NfGeo/table.php    the table of countries
 *   NfGeo/world.php country.php alerts.php profiles.php    the views
 */
foreach (array('input', 'text', 'backend', 'parts', 'map', 'table', 'world', 'country', 'alerts',
	'profiles') as $NfGeo_part)
	require_once __DIR__ . "/NfGeo/$NfGeo_part.php";

/* The views: what loads its data, what prints it. */
const NfGeo_VIEWS = array(
	'world'    => array('NfGeo_LoadWorld', 'NfGeo_PrintWorld'),
	'country'  => array('NfGeo_LoadCountry', 'NfGeo_PrintCountry'),
	'alerts'   => array('NfGeo_LoadAlerts', 'NfGeo_PrintAlerts'),
	'alert'    => array('NfGeo_LoadAlert', 'NfGeo_PrintAlert'),
	'profiles' => array('NfGeo_LoadProfiles', 'NfGeo_PrintProfiles'),
);

function NfGeo_ParseInput($plugin_id, $profile = '')
{
	global $NfGeo_page;

	$page = array('tab' => (int)$plugin_id, 'input' => NfGeo_ReadInput($_GET));
	NfGeo_AllowGraphs();
	$page['status'] = NfGeo_Ask('status');
	$page['window'] = NfGeo_Window($page['input'], $page['status']['slot'] ?? '');
	$page['data'] = NfGeo_VIEWS[$page['input']['geo_view']][0]($page);
	/* A page about a fixed time has no reason to load itself again. */
	if ($page['input']['geo_slot'] !== 'last' || $page['input']['geo_view'] === 'alert')
		$_SESSION['refresh'] = 0;
	$NfGeo_page = $page;
}

function NfGeo_Run($plugin_id, $profile = '')
{
	global $NfGeo_page;

	print "<div class='nfgeo'>\n<style type='text/css'>\n";
	readfile(__DIR__ . '/NfGeo/style.css');
	print "</style>\n";
	NfGeo_PrintHead($NfGeo_page);
	NfGeo_VIEWS[$NfGeo_page['input']['geo_view']][1]($NfGeo_page);
	print "</div>\n";
}
