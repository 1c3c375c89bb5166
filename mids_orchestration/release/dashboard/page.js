// The page's only behaviour: language, charts, printing. Everything else is in the HTML already.
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

  // "t:key" is a label; "@lang" in a field name is the language.
  function worded(value, language) {
    if (Array.isArray(value)) return value.map((item) => worded(item, language));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, worded(item, language)]));
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

  function trend(spec, code) {
    const sets = { ...spec.datasets };
    if (chosen.state) {
      const own = (page.byState[code] || {})[chosen.state];
      const counts = own || new Array(sets.weekly.length + 7).fill(0);
      sets.weekly = sets.weekly.map((row, i) => ({ ...row, count: counts[i + 7] }));
      const average = counts.map((_, i) => counts.slice(Math.max(0, i - 7), i + 1).reduce((a, b) => a + b, 0) / 8);
      const at = new Map(sets.weekly.map((row, i) => [row.week, average[i + 7]]));
      sets.average = (sets.average || []).map((row) => ({ ...row, average: at.get(row.week), count: undefined }));
      for (const name of ["nowcast", "steps", "fan"]) if (name in sets) sets[name] = [];
    }
    const weeks = Number(chosen.period || 104);
    const last = sets.weekly.length ? Date.parse(sets.weekly[sets.weekly.length - 1].week) : 0;
    for (const name of ["weekly", "average"]) {
      if (sets[name]) sets[name] = sets[name].filter((row) => Date.parse(row.week) > last - weeks * WEEK);
    }
    return { ...spec, datasets: sets };
  }
  function picked(spec) {
    const rows = spec.datasets.rows.filter((row) =>
      (!chosen.year || String(row.year) === chosen.year) &&
      (!chosen.state || !("state_code" in row) || row.state_code === chosen.state) &&
      (!chosen.child || !("is_child_code" in row) || row.is_child_code === chosen.child));
    return { ...spec, datasets: { ...spec.datasets, rows }, height: 21 * Math.max(rows.length, 1) };
  }
  function filtered(id, spec) {
    if (spec.usermeta && spec.usermeta.pick) return picked(spec);
    if (id.startsWith("trend-")) return trend(spec, id.slice(6));
    if (id.startsWith("states-") && chosen.state) {
      const states = spec.datasets.states.filter((row) => row.state_code === chosen.state);
      return { ...spec, datasets: { ...spec.datasets, states }, height: 26 };
    }
    return spec;
  }
  function apply() {
    controls.forEach((control) => { chosen[control.dataset.filter] = control.value; });
    for (const name of ["state", "child", "crime"]) {
      if (chosen[name]) root.dataset[name] = chosen[name]; else delete root.dataset[name];
    }
    document.querySelectorAll("[data-crime-card]").forEach((card) => {
      card.hidden = Boolean(chosen.crime) && card.dataset.crimeCard !== chosen.crime;
    });
    document.querySelectorAll("[data-year-shown]").forEach((place) => { place.textContent = chosen.year || ""; });
  }
  function hiddenCard(id) {
    const card = document.getElementById(id).closest("[data-crime-card]");
    return Boolean(card && card.hidden);
  }

  let views = [];
  let turn = 0;
  async function draw(language) {
    const mine = ++turn;
    views.forEach((view) => view.finalize());
    views = [];
    for (const [id, spec] of Object.entries(page.charts)) {
      if (hiddenCard(id)) continue;
      const result = await vegaEmbed("#" + id, worded(filtered(id, spec), language), {
        actions: false, renderer: "svg", ast: true, timeFormatLocale: page.locales[language],
        // A filter may leave a chart without rows, which Vega would warn of: then only errors are told.
        logLevel: (spec.usermeta && spec.usermeta.pick) || chosen.state ? 1 : 2,
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
  document.getElementById("print").addEventListener("click", () => window.print());
  const first = remembered();
  speak(first === "ms" || first === "en" ? first : root.dataset.lang);
})();
