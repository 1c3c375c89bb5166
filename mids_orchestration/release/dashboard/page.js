// The page's only behaviour: language, filters, charts, downloads, printing. Everything else is in the HTML already.
(function () {
  "use strict";
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const root = document.documentElement;
  const KEY = "mids-language";

  function remembered() {
    try { return localStorage.getItem(KEY); } catch (error) { return null; }
  }
  function remember(language) {
    try { localStorage.setItem(KEY, language); } catch (error) { /* private window: this visit only */ }
  }

  // "t:key" is a label; "@lang" in a field name is the language. On a narrow card names leave room for what they name.
  let room = Infinity;
  const NARROW = 200;
  function fitted(name, value) {  // on a phone the names of a legend stand below each other
    const below = name === "legend" && value && value.orient === "bottom" && room < NARROW;
    return below ? { ...value, columns: 1, labelLimit: 1.7 * room } : value;
  }
  function worded(value, language) {
    if (Array.isArray(value)) return value.map((item) => worded(item, language));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, item]) =>
        [name, name === "labelLimit" ? Math.min(item, room) : fitted(name, worded(item, language))]));
    }
    if (typeof value !== "string") return value;
    if (value.startsWith("t:")) return page.labels[value.slice(2)][language];
    return value.split("@lang").join(language);
  }

  // Filters. A chart that cannot follow one stays as it is, and its card says so (style.css shows the note).
  const controls = [...document.querySelectorAll("[data-filter]")];
  const chosen = {};
  controls.forEach((control) => { chosen[control.dataset.filter] = control.value; });
  const WEEK = 7 * 864e5;
  const none = { counts: [], levels: [], fan: [] };
  // Whose weeks and card are shown: a state's, in the officers' edition also children's or adults'; "" = the country, all ages.
  function place() {
    return (chosen.state || "") + (page.officers && chosen.child ? "/" + chosen.child : "");
  }
  function ofPlace(code) {
    return place() ? (page.parts[code] || {})[place()] || none : null;
  }
  function firstWeek(last) {
    return last - (Number(chosen.period || 104) - 1) * WEEK;
  }

  function trend(spec, code) {
    const sets = { ...spec.datasets };
    const own = ofPlace(code);
    if (own) {
      const counts = own.counts.length ? own.counts : new Array(sets.weekly.length + 7).fill(0);
      sets.weekly = sets.weekly.map((row, i) => ({ ...row, count: counts[i + 7] }));
      const average = counts.map((_, i) => counts.slice(Math.max(0, i - 7), i + 1).reduce((a, b) => a + b, 0) / 8);
      const at = new Map(sets.weekly.map((row, i) => [row.week, average[i + 7]]));
      sets.average = (sets.average || []).map((row) => ({ ...row, average: at.get(row.week), count: undefined }));
      for (const name of ["nowcast", "history"]) if (name in sets) sets[name] = [];
      for (const name of ["steps", "fan"]) {
        if (!(name in sets)) continue;
        sets[name] = sets[name].slice(0, own.fan.length && sets[name].length).map((row, i) => {
          const values = own.fan[Math.min(i, own.fan.length - 1)];
          const told = own.levels.map((level, k) => ["q" + level.replace(".", "_"), values[k]]);
          return { ...row, ...Object.fromEntries(told) };
        });
      }
    }
    const last = sets.weekly.length ? Date.parse(sets.weekly[sets.weekly.length - 1].week) : 0;
    for (const name of ["weekly", "average", "history"]) {
      if (sets[name]) sets[name] = sets[name].filter((row) => Date.parse(row.week) >= firstWeek(last));
    }
    const counted = place().includes("/") ? "t:axis_persons" : "t:axis_cases";
    const layer = JSON.parse(JSON.stringify(spec.layer).replaceAll("t:axis_cases", counted));
    return { ...spec, layer, datasets: sets };
  }
  function picked(spec) {
    const rows = spec.datasets.rows.filter((row) =>
      (!chosen.year || !("year" in row) || String(row.year) === chosen.year) &&
      (!chosen.state || !("state_code" in row) || row.state_code === chosen.state) &&
      (!("split" in row) || row.split === chosen.split) &&
      (!chosen.child || !("is_child_code" in row) || row.is_child_code === chosen.child));
    return { ...spec, datasets: { ...spec.datasets, rows }, height: 21 * Math.max(rows.length, 1) };
  }
  // Rows of the map and the ranking: the chosen measure of the chosen year, largest first, without a state last.
  function stateRows(code, language) {
    const measure = chosen.measure || "cases";
    const rate = measure.endsWith("_rate");
    return page.states[code]
      .filter((row) => (!row.year || !chosen.year || String(row.year) === chosen.year) && (!row.split || row.split === chosen.split))
      .map((row) => {
        const secret = measure.startsWith("persons") && row.hidden;
        const empty = row[measure] === null || row[measure] === undefined;
        const shown = secret ? "hidden" : empty ? "none" : "value";
        const persons = row.hidden ? page.labels.suppressed[language] : row.persons === null ? "–" : String(row.persons);
        return {
          ...row, shown, value: shown === "value" ? row[measure] : null, persons_told: persons,
          chosen: row.state_code === chosen.state,
          label: shown === "value" ? row[measure].toLocaleString("en", rate
            ? { minimumFractionDigits: 1, maximumFractionDigits: 1 } : { maximumFractionDigits: 0 }) : "",
        };
      })
      .sort((a, b) => a.unknown - b.unknown || (b.value ?? -1) - (a.value ?? -1) || a.state_en.localeCompare(b.state_en));
  }
  // The least round number that is not below ``step``; whole when ``whole``.
  function roundStep(step, whole) {
    const least = Math.max(step, whole ? 1 : 0.02);
    const power = 10 ** Math.floor(Math.log10(least));
    const round = [1, 2, 3, 4, 5, 6, 8, 10].find((n) => n * power >= least - 1e-9) * power;
    return Number(round.toPrecision(3));
  }
  function states(spec, code, language) {
    let rows = stateRows(code, language);
    if (spec.usermeta.states === "map") {
      const most = Math.max(0, ...rows.filter((row) => !row.unknown).map((row) => row.value ?? 0));
      const end = 5 * roundStep(most / 5, !(chosen.measure || "").endsWith("_rate"));
      const layer = spec.layer.map((one) => (one.encoding && one.encoding.color
        ? { ...one, encoding: { ...one.encoding, color: { ...one.encoding.color, scale: { ...one.encoding.color.scale, domain: [0, end] } } } }
        : one));
      return { ...spec, layer, datasets: { ...spec.datasets, states: rows, shapes: page.shapes } };
    }
    rows = rows.filter((row) => row.shown !== "none" && (!chosen.state || row.chosen));
    return { ...spec, datasets: { ...spec.datasets, states: rows }, height: 22 * Math.max(rows.length, 1) };
  }
  function filtered(id, spec, language) {
    const kind = spec.usermeta || {};
    if (kind.pick) return picked(spec);
    if (kind.states) return states(spec, id.slice(id.indexOf("-") + 1), language);
    if (id.startsWith("trend-")) return trend(spec, id.slice(6));
    if (kind.age) {  // children, unless adults are chosen
      const rows = spec.datasets[kind.age].filter((row) => row.is_child_code === (chosen.child || "Y"));
      return { ...spec, datasets: { ...spec.datasets, [kind.age]: rows } };
    }
    if (kind.crimes && chosen.crime) {
      const rows = spec.datasets[kind.crimes].filter((row) => row.crime_type_code === chosen.crime);
      return { ...spec, datasets: { ...spec.datasets, [kind.crimes]: rows } };
    }
    return spec;
  }

  // Tables: a row is shown when it is of what is chosen; the weekly table also takes the chosen state's numbers.
  const KEYS = ["state", "year", "child", "split", "crime"];
  function fits(key, value) {
    return value === undefined || !chosen[key] || value === chosen[key];
  }
  function week(table, code) {
    const rows = [...table.tBodies[0].rows];
    const own = ofPlace(code);
    const recorded = rows.filter((row) => row.dataset.ofKind === "recorded");
    const ahead = rows.filter((row) => row.dataset.ofKind === "projected").reverse();
    const last = recorded.length ? Date.parse(recorded[0].dataset.ofWeek) : 0;
    const put = (cell, text) => {
      if (!("country" in cell.dataset)) cell.dataset.country = cell.textContent;
      cell.textContent = text === null ? cell.dataset.country : text;
    };
    recorded.forEach((row, i) => put(row.cells[3], own ? String(own.counts[own.counts.length - 1 - i] ?? 0) : null));
    ahead.forEach((row, i) => {
      for (let k = 4; k < row.cells.length; k += 1) {
        put(row.cells[k], own ? (own.fan[i] ? own.fan[i][k - 4].toFixed(1) : "") : null);
      }
    });
    rows.forEach((row) => {
      const kind = row.dataset.ofKind;
      const old = kind !== "projected" && Date.parse(row.dataset.ofWeek) < firstWeek(last);
      row.hidden = old || (Boolean(own) && (kind === "earlier" || (kind === "projected" && !own.fan.length)));
    });
  }
  function tables() {
    document.querySelectorAll("table[id]").forEach((table) => {
      const id = table.id.slice(6);
      if (id.startsWith("trend-")) { week(table, id.slice(6)); return; }
      table.querySelectorAll("tbody tr").forEach((row) => {
        const of = row.dataset;
        const own = { state: of.ofState, year: of.ofYear, child: of.ofChild, split: of.ofSplit, crime: of.ofCrime };
        if (KEYS.some((key) => own[key] !== undefined)) row.hidden = !KEYS.every((key) => fits(key, own[key]));
      });
    });
  }

  // Downloads: the file in the link, cut down to what is chosen.
  const COLUMNS = { state_code: "state", year: "year", is_child_code: "child", child_split_code: "split", crime_type_code: "crime" };
  function read(text) {
    const cells = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/g;
    const rows = [[]];
    for (let found = cells.exec(text); found && found.index < text.length; found = cells.exec(text)) {
      rows[rows.length - 1].push(found[1]);
      if (found[2] === "\r\n") rows.push([]);
    }
    return rows.filter((row) => row.length);
  }
  function cut(text, id) {
    const [head, ...rows] = read(text);
    const at = (name) => head.indexOf(name);
    const bare = (cell) => cell.replace(/^"|"$/g, "");
    let kept = rows;
    if (id.startsWith("trend-")) {
      const [state, day, made, count] = ["state_code", "week_start", "made_after_week", "count"].map(at);
      const own = ofPlace(id.slice(6));
      const recorded = rows.filter((row) => row[count] !== "");
      const last = Date.parse(recorded[recorded.length - 1][day]);
      kept = rows.filter((row) => (row[count] === "" && row[made] === "") || Date.parse(row[day]) >= firstWeek(last));
      if (own) {
        const ahead = rows.filter((row) => row[count] === "" && row[made] === "");
        kept = kept.filter((row) => row[made] === "" && (row[count] !== "" || own.fan.length)).map((row) => {
          const told = [...row];
          told[state] = chosen.state;
          if (place().includes("/")) { told[at("unit_code")] = "person"; told[at("is_child_code")] = chosen.child; }
          if (row[count] !== "") told[count] = String(own.counts[7 + recorded.indexOf(row)] ?? 0);
          else own.levels.forEach((level, k) => { told[at("q" + level)] = String(own.fan[ahead.indexOf(row)][k]); });
          return told;
        });
      }
    } else {
      const wanted = head.map((name, i) => [COLUMNS[name], i]).filter(([key]) => key);
      kept = rows.filter((row) => wanted.every(([key, i]) =>
        !chosen[key] || bare(row[i]) === chosen[key] || (key === "year" && row[i] === "")));
    }
    return [head, ...kept].map((row) => row.join(",")).join("\r\n") + "\r\n";
  }
  document.querySelectorAll("a[data-csv]").forEach((link) => {
    const whole = link.href;
    link.addEventListener("click", () => {
      const bytes = Uint8Array.from(atob(whole.slice(whole.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
      const text = "\ufeff" + cut(new TextDecoder().decode(bytes), link.dataset.csv);
      link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
      setTimeout(() => { URL.revokeObjectURL(link.href); link.href = whole; }, 10000);
    });
  });

  // The card of the country is in the page; that of each state waits in a template.
  const country = new Map();
  function card(box) {
    if (!country.has(box)) country.set(box, [...box.childNodes]);
    const key = place();
    if ((box.dataset.cardPlace || "") === key) return;
    box.dataset.cardPlace = key;
    const query = `template[data-card="${box.dataset.crimeCard}"][data-card-place="${key}"]`;
    const told = document.querySelector(query) || document.getElementById("nothing");
    box.replaceChildren(...(key ? [told.content.cloneNode(true)] : country.get(box)));
  }
  function apply() {
    controls.forEach((control) => { chosen[control.dataset.filter] = control.value; });
    chosen.split = chosen.child || "ALL";
    for (const name of ["state", "child", "crime"]) {
      if (chosen[name]) root.dataset[name] = chosen[name]; else delete root.dataset[name];
    }
    document.querySelectorAll("[data-crime-card]").forEach((place) => {
      place.hidden = Boolean(chosen.crime) && place.dataset.crimeCard !== chosen.crime;
    });
    document.querySelectorAll("[data-measure]").forEach((place) => {
      place.hidden = place.dataset.measure !== (chosen.measure || "cases");
    });
    document.querySelectorAll(".kpi[data-crime-card]").forEach(card);
    document.querySelectorAll("[data-year-shown]").forEach((place) => { place.textContent = chosen.year || ""; });
    tables();
  }
  function hiddenCard(id) {
    const place = document.getElementById(id).closest("[data-crime-card]");
    return Boolean(place && place.hidden);
  }

  let views = [];
  let turn = 0;
  async function draw(language) {
    const mine = ++turn;
    views.forEach((view) => view.finalize());
    views = [];
    for (const [id, spec] of Object.entries(page.charts)) {
      if (hiddenCard(id)) continue;
      room = 0.5 * (document.getElementById(id).clientWidth || Infinity);
      const result = await vegaEmbed("#" + id, worded(filtered(id, spec, language), language), {
        actions: false, renderer: "svg", ast: true, timeFormatLocale: page.locales[language],
        // A filter may leave a chart without rows, which Vega would warn of: then only errors are told.
        logLevel: spec.usermeta || place() ? 1 : 2,
      });
      if (mine !== turn) { result.finalize(); return; }
      views.push(result);
      // Vega calls every group of marks an image; those without a name say nothing to a screen reader.
      document.querySelectorAll(`#${CSS.escape(id)} [role="graphics-symbol"]:not([aria-label])`).forEach((group) => {
        group.removeAttribute("role");
        group.removeAttribute("aria-roledescription");
      });
    }
    root.dataset.drawn = language;
  }

  function speak(language) {
    root.dataset.lang = language;
    root.lang = language;
    document.title = page.titles[language];
    document.querySelectorAll("[data-language]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    });
    document.querySelectorAll("[data-label-en]").forEach((element) => {
      element.setAttribute("aria-label", element.dataset[language === "en" ? "labelEn" : "labelMs"]);
    });
    document.querySelectorAll("option[data-en]").forEach((option) => { option.textContent = option.dataset[language]; });
    delete root.dataset.drawn;
    draw(language);
  }

  controls.forEach((control) => control.addEventListener("change", () => { apply(); speak(root.dataset.lang); }));
  const clear = document.getElementById("clear-filters");
  if (clear) clear.addEventListener("click", () => {
    controls.forEach((control) => { control.selectedIndex = 0; });
    apply();
    speak(root.dataset.lang);
  });
  apply();

  document.querySelectorAll("[data-language]").forEach((button) => {
    button.addEventListener("click", () => { remember(button.dataset.language); speak(button.dataset.language); });
  });
  // Why nothing newer is shown. The server hands it over; on disk it is one quoted value in a style sheet beside the releases.
  function day(iso, language) {
    const [year, month, date] = iso.split("-").map(Number);
    return `${date} ${page.locales[language].shortMonths[month - 1]} ${year}`;
  }
  function held(note) {
    if (!note || note.as_of < page.asOf) return;
    const box = document.getElementById("held-note");
    for (const language of ["en", "ms"]) {
      const head = document.createElement("strong");
      head.lang = language;
      head.textContent = page.held[language].replace("{day}", day(note.as_of, language));
      box.querySelector("p").append(head);
    }
    for (const gate of note.gates) {
      const item = document.createElement("li");
      const name = document.createElement("strong");
      name.textContent = gate.name;
      item.append(name, ` (${gate.owner}): ${gate.found} → ${gate.remedy}`);
      box.querySelector("ul").append(item);
    }
    box.hidden = false;
  }
  const handed = document.getElementById("held");
  if (handed) held(JSON.parse(handed.textContent));
  else if (location.protocol === "file:" && /\/(current|[\d-]{10}-[0-9a-f]{12})\/[^/]+$/.test(location.pathname)) {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "../held.css" });
    sheet.addEventListener("load", () => {
      const told = getComputedStyle(root).getPropertyValue("--mids-held").replace(/[^\w+/=]/g, "");
      sheet.remove();  // its one value has been read
      const bytes = Uint8Array.from(atob(told), (letter) => letter.charCodeAt(0));
      if (told) held(JSON.parse(new TextDecoder().decode(bytes)));
    });
    document.head.append(sheet);
  }

  document.getElementById("print").addEventListener("click", () => window.print());
  const first = remembered();
  speak(first === "ms" || first === "en" ? first : root.dataset.lang);
})();
