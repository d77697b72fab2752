/* SPDX-License-Identifier: BSD-3-Clause */
/* The hover of the map: a box at the mouse with the lines of the title, and the row of the table
 * marked. Without this the browser shows the titles by itself. */
(function () {
	var map = document.getElementById('nfgeo_map');
	var svg = map.getElementsByTagName('svg')[0];
	var box = document.createElement('div');
	var marked = [];

	function shapeOf(event) {
		var node = event.target;
		while (node && node !== svg && !/^c\d+$/.test(node.id || ''))
			node = node.parentNode;
		return node && node !== svg ? node : null;
	}

	function linesOf(shape) {
		var title = shape.getElementsByTagName('title')[0];
		/* Kept aside, so that the browser's own box does not come on top of this one. */
		if (title) {
			shape.nfgeoLines = title.textContent.split('\n');
			shape.removeChild(title);
		}
		return shape.nfgeoLines || [];
	}

	function mark(number) {
		var i, parts = ['c' + number, 'r' + number];
		for (i = 0; i < marked.length; i++)
			marked[i].classList.remove('mark');
		marked = [];
		for (i = 0; number && i < parts.length; i++) {
			var part = document.getElementById(parts[i]);
			if (part) {
				part.classList.add('mark');
				marked.push(part);
			}
		}
	}

	function show(shape, event) {
		var lines = linesOf(shape), frame = map.getBoundingClientRect();
		var left = event.clientX - frame.left + 14, i;

		box.textContent = '';
		for (i = 0; i < lines.length; i++) {
			var line = document.createElement(i ? 'div' : 'b');
			line.appendChild(document.createTextNode(lines[i]));
			box.appendChild(line);
		}
		box.style.display = 'block';
		if (left + box.offsetWidth > frame.width)
			left = Math.max(0, left - box.offsetWidth - 28);
		box.style.left = left + 'px';
		box.style.top = (event.clientY - frame.top + 14) + 'px';
		mark(shape.id.substring(1));
	}

	function hide() {
		box.style.display = 'none';
		mark('');
	}

	box.className = 'tip';
	map.appendChild(box);
	svg.addEventListener('mousemove', function (event) {
		var shape = shapeOf(event);
		if (shape)
			show(shape, event);
		else
			hide();
	});
	svg.addEventListener('mouseleave', hide);
	document.addEventListener('mouseover', function (event) {
		var row = event.target.closest ? event.target.closest('tr[id^="r"]') : null;
		if (row && /^r\d+$/.test(row.id))
			mark(row.id.substring(1));
		else if (!svg.contains(event.target))
			mark('');
	});
})();
