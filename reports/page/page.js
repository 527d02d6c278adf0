"use strict";
(function () {
  const NARROW = window.matchMedia("screen and (max-width: 720px)");
  const config = read("chart-config");

  // The dark style sheet follows the device until the button of the page is used; paper is light in any case.
  const DARK = document.getElementById("dark");
  const DIM = window.matchMedia("(prefers-color-scheme: dark)");

  function isDark() {
    return DARK.media === "screen" || (DARK.media !== "not all" && DIM.matches);
  }

  function nameTheme() {
    const button = document.querySelector("[data-theme]");
    if (button) button.textContent = isDark() ? "Light colours" : "Dark colours";
  }

  function turnTheme() {
    DARK.media = isDark() ? "not all" : "screen";
    nameTheme();
  }

  DIM.addEventListener("change", nameTheme);
  nameTheme();

  // Without the library, which lies beside a page of a chart, its words and numbers are all that there is.
  if (typeof Plotly === "undefined") {
    document.querySelectorAll("[data-undrawn]").forEach(function (place) { place.hidden = false; });
    document.querySelectorAll("[data-chart], .tools").forEach(function (place) { place.hidden = true; });
    return;
  }

  function read(id) {
    return JSON.parse(document.getElementById(id).textContent);
  }

  // Sets figure.a.b to the value for the path "a.b"; null takes the key away.
  function change(figure, changes) {
    for (const [path, value] of Object.entries(changes || {})) {
      const keys = path.split(".");
      const last = keys.pop();
      let place = figure;
      for (const key of keys) {
        if (place[key] === undefined || place[key] === null) place[key] = {};
        place = place[key];
      }
      if (value === null) delete place[last];
      else place[last] = value;
    }
    return figure;
  }

  // The figure for this page: the title is a heading of the page, and a phone gets its own arrangement.
  function fitted(name, narrow) {
    const figure = read("figure-" + name);
    const meta = figure.layout.meta || {};
    change(figure, meta.page);
    if (narrow) change(figure, meta.narrow);
    // the page is the paper, light or dark
    figure.layout.paper_bgcolor = figure.layout.plot_bgcolor = "rgba(0,0,0,0)";
    return figure;
  }

  function save(name) {
    const figure = read("figure-" + name);
    const options = { format: "svg", width: config.toImageButtonOptions.width, height: figure.layout.height, filename: name };
    return Plotly.downloadImage({ data: figure.data, layout: figure.layout }, options);
  }

  // Paper takes the drawing of the screen, which the style sheet shrinks: to draw again for it would come too late.
  function draw(place) {
    const figure = fitted(place.dataset.chart, NARROW.matches);
    figure.layout.autosize = true;
    place.classList.toggle("narrow", NARROW.matches);
    place.style.minHeight = figure.layout.height + "px";
    const drawn = Plotly.react(place, figure.data, figure.layout, config);
    return figure.frames ? drawn.then(function () { return framed(place, figure.frames); }).then(showAgain) : drawn;
  }

  // A picture that was drawn anew stands at its first frame: back to the one that the range says.
  function showAgain() {
    const range = document.querySelector("[data-frames]");
    const button = document.querySelector("[data-play]");
    if (range && Number(range.value) > 0 && button.getAttribute("aria-pressed") !== "true") show(range.dataset.frames, Number(range.value));
  }

  // The frames of an animation, once; the range and the words beside it follow the frame that is shown.
  function framed(place, frames) {
    if (place.dataset.framed) return place;
    place.dataset.framed = "yes";
    place.on("plotly_animatingframe", function (event) {
      const range = document.querySelector("[data-frames]");
      range.value = frames.findIndex(function (frame) { return frame.name === event.name; });
      range.setAttribute("aria-valuetext", event.name);
      document.querySelector("[data-frame]").textContent = event.name;
      paint(place, frames[range.value].data);
    });
    return Plotly.addFrames(place, frames);
  }

  // Words and colours of a frame at once: between frames Plotly moves places only, and to redraw all takes too long.
  function paint(place, traces) {
    traces.forEach(function (trace) {
      const group = place.querySelector(".trace" + trace.uid);
      if (!group) return;
      if (trace.text) group.querySelectorAll("text").forEach(function (word, at) { word.textContent = trace.text[at]; });
      if (trace.marker) group.querySelectorAll(".point").forEach(function (dot, at) { dot.style.fill = trace.marker.color[at]; });
    });
  }

  const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

  function show(name, at) {
    const place = document.getElementById("chart-" + name);
    return Plotly.animate(place, [read("figure-" + name).frames[at].name], {
      mode: "immediate", frame: { duration: 0, redraw: true }, transition: { duration: 0 },
    });
  }

  // Whether it plays, on its button.
  function say(button, on) {
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Pause" : "Play";
  }

  // Plays on from the frame shown (from the first after the last), or stops.
  function play(button) {
    const name = button.dataset.play;
    const place = document.getElementById("chart-" + name);
    const playing = button.getAttribute("aria-pressed") === "true";
    say(button, !playing);
    if (playing) return Plotly.animate(place, [null], { mode: "immediate", transition: { duration: 0 } });
    const names = read("figure-" + name).frames.map(function (frame) { return frame.name; });
    const at = Number(document.querySelector("[data-frames]").value);
    const rest = names.slice(at < names.length - 1 ? at : 0);
    const step = { frame: { duration: 260, redraw: false }, transition: { duration: CALM.matches ? 0 : 240 }, mode: "immediate" };
    return Plotly.animate(place, rest, step).then(function () { say(button, false); }, function () { });
  }

  function drawAll() {
    document.querySelectorAll("[data-chart]").forEach(draw);
  }

  // A table is packed (gzip, base64): it is the download, and a page of many tables should still be small enough to mail.
  async function unpacked(name) {
    const packed = Uint8Array.from(atob(read("csv-" + name)), function (sign) { return sign.charCodeAt(0); });
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  async function download(name) {
    const text = await unpacked(name);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" }));
    link.download = name + ".csv";
    document.body.appendChild(link);
    link.click();
    link.remove();
    window.setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }

  function foldAll(button) {
    const open = button.getAttribute("aria-pressed") !== "true";
    document.querySelectorAll("details").forEach(function (fold) { fold.open = open; });
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? "Collapse all" : "Expand all";
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.picture) save(button.dataset.picture);
    if (button.dataset.csv) download(button.dataset.csv);
    if (button.dataset.folds !== undefined) foldAll(button);
    if (button.dataset.print !== undefined) window.print();
    if (button.dataset.theme !== undefined) turnTheme();
    if (button.dataset.play) play(button);
  });
  document.addEventListener("input", function (event) {
    if (!event.target.dataset.frames) return;
    say(document.querySelector("[data-play]"), false); // who moves the range stops what plays
    show(event.target.dataset.frames, Number(event.target.value));
  });
  NARROW.addEventListener("change", drawAll);
  window.addEventListener("resize", function () { window.setTimeout(showAgain, 300); });
  drawAll();
})();
