// The lesson: closed forms at X = [[a, b], [b, c]], and three gradients contracted with ∂X/∂θ.
"use strict";
(() => {
  const form = document.getElementById("try");
  const table = document.getElementById("three");
  const said = document.getElementById("said");
  const H = 1e-5;
  const FUNCTIONS = {
    // value, the derivatives in (a, b, c), and where there are none
    log_det: {
      value: (a, b, c) => Math.log(a * c - b * b),
      exact(a, b, c) {
        const det = a * c - b * b;
        return [c / det, (-2 * b) / det, a / det];
      },
      S(a, b, c) {
        const det = a * c - b * b; // S = X⁻¹
        return [[c / det, -b / det], [-b / det, a / det]];
      },
      refusal: (a, b, c) => (a > 0 && a * c - b * b > 0 ? "" : "X is not positive definite: log det X has no value here that is asked for."),
    },
    smallest: {
      value: (a, b, c) => (a + c) / 2 - Math.hypot((a - c) / 2, b),
      exact(a, b, c) {
        const r = Math.hypot((a - c) / 2, b);
        return [1 / 2 - (a - c) / (4 * r), -b / r, 1 / 2 + (a - c) / (4 * r)];
      },
      S(a, b, c) {
        // S = v vᵀ, v in the kernel of X − λ₀, by the longer of its two columns of the adjugate
        const low = this.value(a, b, c);
        const v = a >= c ? [-b, a - low] : [c - low, -b];
        const size = v[0] * v[0] + v[1] * v[1];
        return v.map((x) => v.map((y) => (x * y) / size));
      },
      refusal: (a, b, c) => (a === c && b === 0 ? "λ₀ = λ₁: a kink, so that λ₀ has no gradient; λ₀ + λ₁ has one." : ""),
    },
  };
  const MADE = {
    symmetric: (S) => S,
    lower: (S) => [[S[0][0], 0], [2 * S[1][0], S[1][1]]],
    doubled: (S) => [[S[0][0], 2 * S[0][1]], [2 * S[1][0], S[1][1]]],
  };

  function put(cell, x) {
    cell.dataset.value = x;
    cell.textContent = Number.isFinite(x) ? String(Number((x + 0).toPrecision(6))).replace("-", "−") : "—";
  }

  function fill(name, G, numbers, mark) {
    const row = table.querySelector(`[data-row=${name}]`);
    const cells = [...row.children].slice(2, 5);
    cells.forEach((cell, k) => put(cell, numbers[k]));
    if (G) [...row.querySelectorAll(".matrix td")].forEach((cell, k) => put(cell, G[k >> 1][k & 1]));
    const verdict = row.querySelector(".mark");
    if (verdict) verdict.textContent = mark;
  }

  function draw() {
    const [a, b, c] = ["a", "b", "c"].map((name) => form.elements[name].valueAsNumber);
    const f = FUNCTIONS[form.elements.f.value];
    const why = [a, b, c].every(Number.isFinite) ? f.refusal(a, b, c) : "Three numbers are needed: a, b and c.";
    const none = [NaN, NaN, NaN];
    const exact = why ? none : f.exact(a, b, c);
    const S = why ? [none, none] : f.S(a, b, c);
    const off = Math.abs(exact[1]);
    const size = Math.max(...exact.map(Math.abs));
    said.textContent = why || (off <= 1e-12 * size ? "∂f/∂b = 0: all three coincide, and no test here tells them apart." : "");
    for (const [name, make] of Object.entries(MADE)) {
      const G = make(S);
      const numbers = [G[0][0], G[0][1] + G[1][0], G[1][1]];
      const isRight = numbers.every((x, k) => Math.abs(x - exact[k]) <= 1e-9 * size);
      fill(name, G, numbers, why ? "" : isRight ? "right" : "wrong");
    }
    fill("exact", null, exact, "");
    const steps = [[H, 0, 0], [0, H, 0], [0, 0, H]];
    fill("quotient", null, why ? none : steps.map(([x, y, z]) =>
      (f.value(a + x, b + y, c + z) - f.value(a - x, b - y, c - z)) / (2 * H)), "");
    table.querySelector("[data-row=quotient]").hidden = false;
  }

  const fields = [...form.elements].filter((field) => field.name);
  const asked = new URLSearchParams(location.search);
  for (const field of fields) {
    const value = asked.get(field.name);
    if (value !== null && (field.tagName !== "SELECT" || value in FUNCTIONS)) field.value = value;
  }
  form.addEventListener("input", () => {
    const told = new URLSearchParams(fields.map((field) => [field.name, field.value]));
    history.replaceState(null, "", `?${told}`);
    draw();
  });
  form.addEventListener("reset", () => setTimeout(() => { history.replaceState(null, "", "?"); draw(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  draw();
})();
