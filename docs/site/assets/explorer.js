// The explorer: filters, the heat map and the list of routes, all of it told by the address.
"use strict";
(() => {
  const { entries, letters, meanings, right } = window.SYMGRAD;
  const form = document.getElementById("filters");
  const heat = document.getElementById("heat");
  const rows = document.getElementById("rows");
  const more = document.getElementById("more");
  const DEFAULTS = { dtype: "float64", mode: "reverse", version: "installed" };
  const MOST = 50; // rows that are shown at once
  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  let state = {};

  /** An element with attributes and children; text is never markup. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const outcome = (entry) => entry.outcomes[`${state.dtype} ${state.mode}`] ?? "not asked";

  function shown(entry) {
    const found = outcome(entry);
    if (!right.includes(found)) return found;
    return entry.convention && entry.convention !== "invalid" ? entry.convention : "ambiguous";
  }

  function matches(entry) {
    const name = `${entry.framework} ${entry.version}`;
    const versions = { any: true, installed: entry.is_today, former: !entry.is_today };
    const text = `${entry.framework} ${entry.version} ${entry.function} ${entry.route} ${shown(entry)}`.toLowerCase();
    return (
      (versions[state.version] ?? name === state.version) &&
      ["framework", "function", "convention", "reads"].every((key) => !state[key] || entry[key] === state[key]) &&
      (!state.verdict || outcome(entry) === state.verdict) &&
      (state.words ?? "").toLowerCase().split(/\s+/).every((word) => text.includes(word))
    );
  }

  function read() {
    const asked = new URLSearchParams(location.search);
    state = { ...DEFAULTS };
    for (const key of ["words", "sort", "open", ...[...form.querySelectorAll("select")].map((s) => s.name)])
      if (asked.get(key)) state[key] = asked.get(key);
    for (const field of form.elements) {
      if (!field.name) continue;
      field.value = state[field.name] ?? "";
      if (field.tagName === "SELECT" && field.selectedIndex < 0) {
        field.value = DEFAULTS[field.name] ?? ""; // no such choice: what it is without one
        delete state[field.name];
        Object.assign(state, { ...DEFAULTS, ...state });
      }
    }
  }

  function address() {
    const asked = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) if (value && value !== DEFAULTS[key]) asked.set(key, value);
    const query = asked.toString();
    return location.pathname.split("/").pop() + (query ? `?${query}` : "");
  }

  function change(changes, keep = false) {
    Object.assign(state, changes);
    if (!("open" in changes)) delete state.open;
    history[keep ? "pushState" : "replaceState"](null, "", address());
    read();
    draw();
  }

  function cell(td, found, name) {
    const by = {};
    for (const entry of found) (by[shown(entry)] ??= []).push(entry);
    const label = Object.entries(by).map(([key, of]) => `${of.length} ${key}`).join(" ");
    const chips = Object.keys(letters).filter((key) => by[key]).map((key) => {
      const count = by[key].length > 1 ? [make("sub", {}, by[key].length)] : [];
      return make("span", { class: `chip ${slug(key)}`, title: meanings[key] }, letters[key], ...count);
    });
    const fw = td.dataset.framework;
    const link = make("a", { href: `functions/${name}.html#${fw}`, "aria-label": `${name} by ${fw}: ${label}` }, ...chips);
    td.replaceChildren(...(found.length ? [link] : []));
  }

  function matrix(rows) {
    const lines = rows.map((row) => make("tr", {}, ...row.map((x) => make("td", {}, x))));
    return make("table", { class: "matrix", "aria-label": "G" }, make("tbody", {}, ...lines));
  }

  function details(entry) {
    const parts = [];
    if (entry.matrix) {
      const numbers = entry.matrix.parameters.map(([name, contracted, exact]) =>
        make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, contracted), make("td", {}, exact)));
      const head = ["θ", "⟨G, ∂X/∂θ⟩", "exact ∂f/∂θ"].map((text) => make("th", { scope: "col" }, text));
      const table = make("table", { class: "numbers" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...numbers));
      const told = `G at X = [2, 1], [1, 3]: ${entry.matrix.verdict}`;
      parts.push(make("div", { class: "contraction" }, make("div", {}, make("span", {}, told), matrix(entry.matrix.gradient)), table));
    }
    const segments = entry.segments ?? [];
    if (segments.length) {
      const line = segments.map((s) => {
        const versions = s.first === s.last ? s.first : `${s.first} – ${s.last}`;
        return make("li", { class: slug(s.shown) }, make("b", {}, versions), ` ${s.shown}${s.recorded ? " (recorded)" : ""}`);
      });
      parts.push(make("ol", { class: "timeline" }, ...line));
    }
    for (const [place, why] of Object.entries(entry.notes ?? {})) {
      if (place !== `${state.dtype} ${state.mode}`) continue;
      const known = entry.known?.[place];
      const link = known ? [" ", make("a", { href: `findings.html#${known}` }, known)] : [];
      parts.push(make("p", {}, why, ...link));
    }
    if (entry.is_today) parts.push(make("p", {}, make("a", { href: `functions/${entry.function}.html#${entry.id}` }, "All of this route")));
    return parts;
  }

  function listed(entry) {
    const key = `${entry.function} ${entry.id}`;
    const isOpen = state.open === key;
    const button = make("button", { type: "button", "aria-expanded": isOpen, class: "open" }, entry.route);
    button.addEventListener("click", () => {
      change({ open: isOpen ? "" : key });
      for (const other of rows.querySelectorAll("button.open")) if (other.dataset.key === key) other.focus();
    });
    button.dataset.key = key;
    const chip = make("span", { class: `chip ${slug(shown(entry))}` }, letters[shown(entry)] ?? "");
    const cells = [entry.function, entry.framework, entry.version + (entry.recorded ? " (recorded)" : ""), button,
      make("span", {}, chip, ` ${entry.convention ?? "—"}`), entry.reads ?? "—", outcome(entry), entry.since ?? ""];
    // the roles are said where a narrow page lays the cells out otherwise
    const labels = { 5: { "data-label": "reads" }, 7: { "data-label": "since" } }; // shown on a phone
    const row = make("tr", { role: "row" }, ...cells.map((content, k) =>
      make("td", { role: "cell", class: content === button ? "route" : "", ...labels[k] }, content)));
    const below = () => make("tr", { class: "details", role: "row" }, make("td", { colspan: 8, role: "cell" }, ...details(entry)));
    return isOpen ? [row, below()] : [row];
  }

  function draw(all = false) {
    const found = entries.filter(matches);
    const by = {};
    for (const entry of found) (by[`${entry.function} ${entry.framework}`] ??= []).push(entry);
    for (const tr of heat.tBodies[0].rows) {
      const name = tr.dataset.function;
      const tds = [...tr.querySelectorAll("td")];
      for (const td of tds) cell(td, by[`${name} ${td.dataset.framework}`] ?? [], name);
      tr.hidden = tds.every((td) => !td.firstChild);
    }
    document.getElementById("count").textContent = `${found.length} of ${entries.length} routes and versions`;
    document.getElementById("here").setAttribute("href", address());
    const value = { verdict: outcome, convention: (e) => e.convention ?? "" };
    if (state.sort) {
      const key = value[state.sort] ?? ((entry) => String(entry[state.sort] ?? ""));
      found.sort((one, other) => key(one).localeCompare(key(other), "en", { numeric: true }));
    }
    for (const button of document.querySelectorAll("[data-sort]"))
      button.closest("th").setAttribute("aria-sort", button.dataset.sort === state.sort ? "ascending" : "none");
    const opened = found.findIndex((entry) => `${entry.function} ${entry.id}` === state.open);
    const count = all ? found.length : Math.max(MOST, opened + 1);
    rows.replaceChildren(...found.slice(0, count).flatMap(listed));
    more.hidden = found.length <= count;
    more.textContent = `Show all ${found.length}`;
  }

  heat.addEventListener("click", (event) => {
    const td = event.target.closest("td");
    if (!td?.firstChild || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    change({ function: td.parentElement.dataset.function, framework: td.dataset.framework }, true);
    const heading = document.getElementById("routes");
    heading.focus();
    heading.scrollIntoView();
  });
  document.querySelector("#list thead").addEventListener("click", (event) => {
    const name = event.target.dataset.sort;
    if (name) change({ sort: state.sort === name ? "" : name });
  });
  form.addEventListener("input", (event) => change({ [event.target.name]: event.target.value }));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    state = {};
    change({});
  });
  more.addEventListener("click", () => draw(true));
  addEventListener("popstate", () => { read(); draw(); });
  form.hidden = document.getElementById("list").hidden = false;
  read();
  draw();
})();
