<?php
/* SPDX-License-Identifier: BSD-3-Clause */
/* The NfSen profiles that the plugin made and keeps, each with a way to its graphs. */

function NfGeo_LoadProfiles($page)
{
	/* NfSen keeps its list for ten minutes; a profile made since must be in it to be opened. */
	unset($_SESSION['ProfileList']);
	return NfGeo_Ask('profiles');
}

function NfGeo_PrintProfiles($page)
{
	$answer = $page['data'];
	if (isset($answer[NfGeo_TROUBLE])) {
		NfGeo_Notice('bad', "The profiles could not be read: {$answer[NfGeo_TROUBLE]}");
		return;
	}
	$profiles = NfGeo_Rows($answer, 'profile', array('group', 'name', 'kind', 'state', 'text'));
	print "<h2>Profiles by country</h2>\n";
	if (!$profiles) {
		NfGeo_Notice('note', 'None is configured. The key profiles of the plugin\'s entry in %PluginConf names those ' .
			'that it makes and keeps.');
		return;
	}
	print "<form action='nfsen.php' method='post'><div><input type='hidden' name='tab' value='1'></div>\n" .
		"<div class='wide'><table class='list'>\n<thead><tr><th class='name'>Profile</th><th class='name'>Kind</th>" .
		"<th class='name'>State</th><th class='name'>Graphs</th></tr></thead>\n<tbody>\n";
	foreach ($profiles as $profile) {
		$full = ($profile['group'] === '' ? '.' : $profile['group']) . "/$profile[name]";
		print "<tr><td class='name'>" . NfGeo_Text(preg_replace('{^\./}', '', $full)) . "</td><td class='name'>" .
			NfGeo_Text($profile['kind']) . "</td><td class='name state-" . preg_replace('/[^a-z]/', '', $profile['state']) .
			"'>" . NfGeo_Text($profile['state'] . ($profile['text'] === '' ? '' : ": $profile[text]")) . "</td><td class='name'>" .
			($profile['state'] === 'ok' ? "<button type='submit' name='profileswitch' value='" . NfGeo_Text($full) .
				"'>open</button>" : '') . "</td></tr>\n";
	}
	print "</tbody></table></div>\n</form>\n";
}
