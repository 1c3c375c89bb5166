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

  let views = [];
  let turn = 0;
  async function draw(language) {
    const mine = ++turn;
    views.forEach((view) => view.finalize());
    views = [];
    for (const [id, spec] of Object.entries(page.charts)) {
      const result = await vegaEmbed("#" + id, worded(spec, language), {
        actions: false, renderer: "svg", ast: true, timeFormatLocale: page.locales[language],
      });
      if (mine !== turn) { result.finalize(); return; }
      views.push(result);
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
    delete root.dataset.drawn;
    draw(language);
  }

  document.querySelectorAll("[data-language]").forEach((button) => {
    button.addEventListener("click", () => { remember(button.dataset.language); speak(button.dataset.language); });
  });
  document.getElementById("print").addEventListener("click", () => window.print());
  const first = remembered();
  speak(first === "ms" || first === "en" ? first : root.dataset.lang);
})();
