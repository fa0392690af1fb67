/**
 * The live figure: draws any worksheet, in a notebook (as an anywidget) and in a page without kernel.
 * In order: numbers, formulas, the worksheet, one frame as a pure function, the figure that draws it.
 *
 * @typedef {number | boolean | string | Array} Tree  a number, a cell's id, or [operator, ...arguments]
 * @typedef {{id: string, grid: Object, index: number[], row: number, column: number, tree?: Tree,
 *            value?: Function, sources: number[]}} Cell  row and column from 0, index from 1
 * @typedef {{grids: Object[], cells: Cell[], place: Map<string, number>, steps: Object[]}} Sheet
 */

/* ---- Numbers ---- */

const LIMIT = 999;
const NEARLY_ZERO = 1e-9;
const NOISE = 8 * Number.EPSILON;

/** Print a number as a hand writes it: whole, or with four decimals at most. */
function shown(value) {
  const size = Math.abs(value);
  const text =
    size > 1e6 || (size < 1e-4 && size > 0)
      ? value.toExponential(3).replace(/\.?0*e\+?/, "e")
      : String(Number(size < 1 ? value.toPrecision(4) : value.toFixed(4)));
  return text.replaceAll("-", "−").replace("Infinity", "∞");
}

/** Read a number as a hand types it, decimal comma and long minus too; NaN if it is none. */
function typedDecimal(text) {
  const plain = text.trim().replace(/[-−–]\s*/g, "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

/** Read a number or a fraction such as 1/3. */
function typedNumber(text) {
  const [above, below = 1, ...rest] = text.split("/").map(typedDecimal);
  return rest.length ? NaN : above / below;
}

/** A whole number must be met exactly, another within one part in a hundred. */
function agrees(answer, value) {
  const slack = Number.isInteger(value) ? 0 : Math.abs(value) / 100;
  return Math.abs(answer - value) <= slack + NEARLY_ZERO;
}

/* ---- Formulas: compiled once, printed on demand ---- */

/** Add; what is left of terms that cancel but for rounding is 0. */
function sum(terms) {
  const added = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const total = added(terms);
  return Math.abs(total) < NOISE * added(terms.map(Math.abs)) ? 0 : total;
}

const OPERATORS = {
  "+": (args) => (v) => sum(args.map((f) => f(v))),
  "*": (args) => (v) => args.reduce((product, f) => product * f(v), 1),
  "/": ([a, b]) => (v) => a(v) / b(v),
  "^": ([a, b]) => (v) => a(v) ** b(v),
  exp: ([a]) => (v) => Math.exp(a(v)),
  log: ([a]) => (v) => Math.log(a(v)),
  sqrt: ([a]) => (v) => Math.sqrt(a(v)),
  max: (args) => (v) => Math.max(...args.map((f) => f(v))),
  if: ([condition, a, b]) => (v) => (condition(v) ? a(v) : b(v)),
  "<": ([a, b]) => (v) => a(v) < b(v),
  "<=": ([a, b]) => (v) => a(v) <= b(v),
  ">": ([a, b]) => (v) => a(v) > b(v),
  ">=": ([a, b]) => (v) => a(v) >= b(v),
  "==": ([a, b]) => (v) => a(v) === b(v),
};
const RELATIONS = { "<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "==" };

/** Turn a tree into a function of all values; `cellAt` gives the place of a cell among them. */
function compile(tree, cellAt) {
  if (typeof tree === "string") {
    const k = cellAt(tree);
    return (v) => v[k];
  }
  if (!Array.isArray(tree)) return () => tree;
  const [operator, ...args] = tree;
  return OPERATORS[operator](args.map((arg) => compile(arg, cellAt)));
}

// How tightly a form holds together; looser ones stand in parentheses.
const [LOOSE, SUM, PRODUCT, POWER, ATOM] = [0, 1, 2, 3, 4];

function wrapped(parts, own, needed) {
  return own < needed ? ["(", parts, ")"] : parts;
}

/** Split off the sign a hand would write first: [is negative, the rest]. */
function signed(tree) {
  if (typeof tree === "number") return [tree < 0, Math.abs(tree)];
  if (!Array.isArray(tree) || !"*/".includes(tree[0])) return [false, tree];
  const [operator, first, ...rest] = tree;
  const [negative, size] = signed(first);
  if (!negative) return [false, tree];
  if (operator === "/" || size !== 1) return [true, [operator, size, ...rest]];
  return [true, rest.length === 1 ? rest[0] : ["*", ...rest]];
}

/** Sort the factors of a product into those above and those below the line. */
function fraction(tree, above = [], below = []) {
  const [operator, ...args] = tree;
  if (operator === "/") {
    if (args[0] !== 1) above.push(args[0]);
    below.push(args[1]);
  } else {
    for (const arg of args) arg[0] === "/" ? fraction(arg, above, below) : above.push(arg);
  }
  return [above, below];
}

/**
 * Print a formula for the eye, as nested text and nodes.
 * @param {{cell: Function, say: Function}} ink  writes a cell, given its id and the level it needs
 * @param {number} level  how tightly the place holds
 */
function printed(tree, ink, level = LOOSE) {
  if (typeof tree === "string") return ink.cell(tree, level);
  const [negative, body] = signed(tree);
  if (negative) return wrapped(["−", printed(body, ink, PRODUCT)], SUM, level);
  if (!Array.isArray(tree)) return [typeof tree === "number" ? shown(tree) : String(tree)];
  const [operator, ...args] = tree;
  if (operator === "+") return wrapped(printedSum(args, ink), SUM, level);
  if (operator === "*" || operator === "/") return wrapped(printedProduct(tree, ink), PRODUCT, level);
  if (operator === "^") return wrapped([printed(args[0], ink, ATOM), raised(args[1], ink)], POWER, level);
  if (operator === "exp") return wrapped(["e", raised(args[0], ink)], POWER, level);
  if (operator === "if") return wrapped(printedChoice(args, ink), LOOSE, level);
  if (operator in RELATIONS) {
    const [left, right] = args.map((arg) => printed(arg, ink, SUM));
    return wrapped([left, ` ${RELATIONS[operator]} `, right], LOOSE, level);
  }
  const inside = args.map((arg, k) => [k ? ", " : "", printed(arg, ink)]);
  return [operator === "sqrt" ? "√" : operator, "(", inside, ")"];
}

/** Terms with + and −; a line breaks before the sign, never after it. */
function printedSum(terms, ink) {
  return terms.map((term, k) => {
    if (!k) return printed(term, ink, SUM);
    const [negative, body] = signed(term);
    return [negative ? " −\u00a0" : " +\u00a0", printed(body, ink, PRODUCT)];
  });
}

function printedProduct(tree, ink) {
  const [above, below] = fraction(tree);
  const joined = (factors) =>
    factors.map((factor, k) => (k ? ["·", printed(factor, ink, POWER)] : printed(factor, ink, PRODUCT)));
  const top = above.length ? joined(above) : "1";
  if (!below.length) return [top];
  return [top, "/", below.length > 1 ? ["(", joined(below), ")"] : printed(below[0], ink, POWER)];
}

function raised(exponent, ink) {
  return [h("span", { class: "bp-unseen" }, "^"), h("sup", {}, printed(exponent, ink))];
}

function printedChoice([condition, yes, no], ink) {
  const [when, otherwise] = [` ${ink.say("if")} `, ` ${ink.say("else")} `];
  return [printed(yes, ink, SUM), when, printed(condition, ink), otherwise, printed(no, ink)];
}

/* ---- The worksheet ---- */

const HUES = 5;

/** Join an index as the names do: 12, or 1,12 in a grid with a side over nine. */
function joinedIndex(grid, index) {
  return index.join(Math.max(0, ...grid.shape) > 9 ? "," : "");
}

/** Name all cells of a worksheet and compile its formulas. @returns {Sheet} */
function readSheet(worksheet) {
  const sheet = { grids: [], cells: [], place: new Map(), steps: [] };
  for (const document of worksheet.grids) {
    const { shape } = document;
    const [rows, columns] = document.column ? [shape[0], 1] : [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
    const place = { rows, columns, first: sheet.cells.length, size: rows * columns };
    const grid = { key: document.name, ...document, ...place };
    sheet.grids.push(grid);
    for (let k = 0; k < grid.size; k++) {
      const [row, column] = [Math.floor(k / columns), k % columns];
      const index = document.column ? [k + 1] : [row + 1, column + 1].slice(2 - shape.length);
      const id = grid.name + joinedIndex(grid, index);
      sheet.place.set(id, sheet.cells.length);
      sheet.cells.push({ id, grid, index, row, column, tree: grid.formulas?.[k], sources: [] });
    }
  }
  for (const cell of sheet.cells) {
    if (cell.tree === undefined) continue;
    cell.value = compile(cell.tree, (id) => {
      const k = sheet.place.get(id);
      if (k === undefined) throw new Error(`${cell.id} refers to ${id}, which is no cell.`);
      cell.sources.push(k);
      return k;
    });
  }
  const steps = worksheet.steps?.length ? worksheet.steps : [{}];
  sheet.steps = steps.map((step) => ({
    note: step.note ?? "",
    show: step.show ?? worksheet.grids.filter((grid) => !grid.hidden).map((grid) => grid.name),
    targets: (step.targets ?? []).map((id) => sheet.place.get(id)),
  }));
  return sheet;
}

/** A given grid's numbers: the reader's where they fit, else its own. Variants share them by key. */
function numbersOf({ key, size, given }, typed) {
  return typed[key]?.length === size ? typed[key] : given;
}

/** @param {Object<string, number[]>} typed  @returns {Float64Array} the values of all cells */
function evaluate(sheet, typed) {
  const values = new Float64Array(sheet.cells.length);
  for (const grid of sheet.grids) if (grid.given) values.set(numbersOf(grid, typed), grid.first);
  sheet.cells.forEach((cell, k) => {
    if (cell.value) values[k] = cell.value(values);
  });
  return values;
}

/** The first cell that is a finite number before and not after. */
function broken(sheet, before, after) {
  return sheet.cells.find((_, k) => Number.isFinite(before[k]) && !Number.isFinite(after[k]));
}

/* ---- One frame ---- */

const FORMULAS_AT_MOST = 4;

/** What a reader is asked for at a step: its new cells; of many, the first. */
function questions(sheet, step) {
  const seen = sheet.steps.slice(0, step).flatMap(({ targets }) => targets);
  const asked = sheet.steps[step].targets.filter((k) => sheet.cells[k].value && !seen.includes(k));
  return asked.length > FORMULAS_AT_MOST ? asked.slice(0, 1) : asked;
}

/** The cells still to be predicted, and all that would give them away. */
function concealed(sheet, step, known) {
  const waiting = questions(sheet, step).slice(known);
  const targetsOf = (steps) => steps.flatMap(({ targets }) => targets);
  const open = new Set(targetsOf(sheet.steps.slice(0, step + 1)).filter((k) => !waiting.includes(k)));
  const later = new Set(targetsOf(sheet.steps.slice(step)));
  const hidden = new Set();
  sheet.cells.forEach((cell, k) => {
    const tells = later.has(k) || cell.sources.some((source) => hidden.has(source));
    if (cell.value && tells && !open.has(k)) hidden.add(k);
  });
  return hidden;
}

/** For each grid with sources, the box around them: the window that slides. */
function windows(sheet, sources) {
  const boxes = new Map();
  for (const grid of sheet.grids) {
    const cells = [...sources].map((k) => sheet.cells[k]).filter((cell) => cell.grid === grid);
    if (!cells.length) continue;
    const [rows, columns] = [cells.map((cell) => cell.row), cells.map((cell) => cell.column)];
    const [top, left] = [Math.min(...rows), Math.min(...columns)];
    const [bottom, right] = [Math.max(...rows), Math.max(...columns)];
    const [wide, high] = [right - left + 1, bottom - top + 1];
    boxes.set(grid, { at: left, below: grid.rows - 1 - bottom, wide, high });
  }
  return boxes;
}

/** What is to be seen, from the sheet and the reader's place alone. */
function frame(sheet, { step, pointed, predict }) {
  const { targets, note, show } = sheet.steps[step];
  const aims = pointed === null ? targets : [pointed];
  const sources = new Set(aims.flatMap((k) => sheet.cells[k].sources));
  const written = aims.filter((k) => sheet.cells[k].value);
  const hidden = predict.on ? concealed(sheet, step, predict.known) : new Set();
  const asked = predict.on ? questions(sheet, step)[predict.known] : undefined;
  const formulas = written.length > FORMULAS_AT_MOST ? [asked ?? written[0]] : written;
  const more = written.length - formulas.length;
  const told = aims.every((k) => targets.includes(k)) ? note : ""; // of its own cells alone
  const boxes = windows(sheet, sources);
  return { aims, sources, boxes, formulas, more, note: told, show, hidden, asked, hint: predict.hint };
}

/* ---- Elements ---- */

/** An element with attributes, listeners (on…) and children. */
function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity));
  return node;
}

/** The colour of a grid's cells as sources, the same as in the film strips. */
function hue({ tint }) {
  return tint === undefined ? "ink" : tint % HUES;
}

/** A symbol with its index as a subscript; the part of a name after _ goes there too. */
function symbolNodes(grid, index = []) {
  const [base, ...rest] = (grid.symbol ?? grid.name).split("_");
  const below = [...rest, joinedIndex(grid, index)].filter(Boolean).join(",");
  return below ? [base, h("sub", {}, below)] : [base];
}

/** A grid's name in plain text: what its label says, or its symbol. */
function nameText({ label, symbol, name }) {
  return label ?? symbol ?? name;
}

/** A symbol in plain text: y₁₂. */
function symbolText({ grid, index }) {
  const digits = joinedIndex(grid, index).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
  return (grid.symbol ?? grid.name) + digits;
}

/* ---- The figure ---- */

const PACE = 1700; // milliseconds for a step while playing
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const NO_PREDICTION = { on: false, known: 0, hint: false };

class Figure {
  /** @param {{get, set, save_changes, on, off}} model  anywidget's, or one made by `modelOf` */
  constructor(model) {
    this.model = model;
    this.spec = model.get("spec");
    this.sheets = this.spec.variants.map(({ worksheet }) => readSheet(worksheet));
    this.hovered = this.focused = null;
    this.predict = NO_PREDICTION;
    this.paper = matchMedia("print");
    this.build();
    this.open();
    this.listen();
  }

  /** A phrase of the spec with its {blanks} filled. */
  say(key, blanks = {}) {
    const phrase = this.spec.words?.[key] ?? key;
    return phrase.replace(/\{(\w+)\}/g, (blank, name) => blanks[name] ?? blank);
  }

  listen() {
    const redraw = () => this.draw();
    const reactions = Object.entries({
      "change:variant": () => this.open(),
      "change:given": () => this.calculate(),
      "change:step": () => this.arrive(),
    });
    reactions.forEach((reaction) => this.model.on(...reaction));
    this.paper.addEventListener("change", redraw);
    this.close = () => {
      this.pause();
      reactions.forEach((reaction) => this.model.off(...reaction));
      this.paper.removeEventListener("change", redraw);
      this.stage.remove();
    };
  }

  /* -- building -- */

  build() {
    const title = this.spec.title;
    this.grids = h("div", {
      class: "bp-grids",
      onpointermove: ({ target }) => this.hover(this.cellAt(target)),
      onpointerleave: () => this.hover(null),
      onfocusin: ({ target }) => this.enter(target),
      onfocusout: () => this.leave(),
      onclick: ({ target }) => this.cellAt(target) !== null && target.focus(), // Safari does not by itself
      oninput: ({ target }) => this.preview(target),
      onkeydown: (event) => this.key(event),
    });
    this.lines = h("div", { class: "bp-lines", "aria-live": "polite", "aria-atomic": "true" });
    this.verdicts = h("div", { class: "bp-verdicts" });
    this.status = h("p", { class: "bp-status", role: "status" });
    this.stage = h(
      "div",
      { class: "bp-stage", role: "group", "aria-label": title || this.say("figure") },
      title ? h("p", { class: "bp-title" }, title) : [],
      this.spec.variants.length > 1 ? this.variantChooser() : [],
      this.controlBar(),
      this.grids,
      h("div", { class: "bp-text" }, this.lines, this.verdicts, this.answerForm(), this.status),
    );
  }

  variantChooser() {
    const name = `bp-${Math.random()}`;
    const radio = (_, k) => h("input", { type: "radio", name, onchange: () => this.choose(k) });
    this.radios = this.spec.variants.map(radio);
    const labels = this.spec.variants.map(({ name }, k) => h("label", {}, this.radios[k], h("span", {}, name)));
    return h("fieldset", { class: "bp-variants" }, h("legend", {}, this.say("variants")), labels);
  }

  button(key, act) {
    return h("button", { type: "button", onclick: act }, this.say(key));
  }

  /** A button with a picture; the pictures are in the style sheet. */
  iconButton(key, act) {
    return this.picture(h("button", { type: "button", onclick: act }), key);
  }

  picture(button, key) {
    button.dataset.icon = key;
    button.ariaLabel = button.title = this.say(key);
    return button;
  }

  controlBar() {
    const to = (key, step) => this.iconButton(key, () => this.press(step()));
    this.back = [to("first", () => 0), to("previous", () => this.step - 1)];
    this.forth = [to("next", () => this.step + 1), to("last", () => Infinity)];
    this.play = this.iconButton("play", () => (this.timer ? this.pause() : this.start()));
    const slide = () => this.go(this.slider.value - 1);
    this.slider = h("input", { type: "range", min: 1, "aria-label": this.say("step"), oninput: slide });
    this.counter = h("span", { class: "bp-counter", "aria-hidden": "true" });
    const buttons = h("div", {}, this.back, this.play, this.forth);
    this.travelBar = h("div", { class: "bp-steps" }, buttons, this.slider, this.counter);
    this.toggle = this.button("predict", () => this.predicting(!this.predict.on));
    const tools = h("div", { class: "bp-tools" }, this.toggle, this.button("reset", () => this.reset()));
    const bar = { class: "bp-controls", role: "group", "aria-label": this.say("controls") };
    return h("div", { ...bar, onkeydown: (event) => this.barKey(event) }, this.travelBar, tools);
  }

  answerForm() {
    this.question = h("span", {});
    this.answer = h("input", { type: "text", autocomplete: "off", size: 8 });
    this.asking = h(
      "div",
      { class: "bp-asking" },
      h("label", {}, this.question, " ", this.answer),
      h("button", { type: "submit" }, this.say("check")),
      this.button("show", () => this.reveal("shown")),
    );
    this.onward = this.button("next", () => this.press(this.step + 1));
    const submit = (event) => {
      event.preventDefault();
      this.check();
    };
    const onkeydown = (event) => this.answer.value || this.barKey(event);
    this.form = h("form", { class: "bp-answer", onsubmit: submit, onkeydown }, this.asking, this.onward);
    return this.form;
  }

  open() {
    this.pause();
    this.sheet = this.sheets[this.model.get("variant") ?? 0] ?? this.sheets[0];
    this.hovered = this.focused = this.editing = this.old = null;
    this.predict = { ...NO_PREDICTION, on: this.predict.on };
    this.faces = [];
    this.drawn = [];
    this.plots = this.sheet.grids.map((grid) => this.plot(grid));
    this.grids.replaceChildren(...this.plots.map(({ box }) => box));
    this.status.textContent = "";
    this.calculate();
  }

  /** One grid: its table, and the frame that slides over it. */
  plot(grid) {
    const { rows, columns, first } = grid;
    const rank = grid.shape.length;
    const [named, headed] = [rank > 1 || grid.column, rank && !grid.column]; // its rows, its columns
    const count = (n, make) => Array.from({ length: n }, (_, k) => make(k));
    const body = count(rows, (r) => {
      const cells = count(columns, (c) => this.cell(first + r * columns + c));
      return h("tr", {}, named ? h("th", { scope: "row" }, `${r + 1}`) : [], cells);
    });
    const heads = count(columns, (c) => h("th", { scope: "col" }, `${c + 1}`));
    const head = h("thead", {}, h("tr", {}, named ? h("td", { class: "bp-corner" }) : [], heads));
    // A visible caption would stretch the columns: it is for the ear alone.
    const caption = h("caption", {}, nameText(grid));
    const table = h("table", {}, caption, headed ? head : [], h("tbody", {}, body));
    const lens = h("div", { class: "bp-frame" });
    const plane = h("div", { class: "bp-plane", style: `--columns: ${columns}` }, table, lens);
    const words = grid.label && grid.label !== grid.name ? grid.label : symbolNodes(grid);
    const label = h("div", { class: "bp-label", "aria-hidden": "true" }, h("span", {}, words));
    const box = h("div", { class: "bp-grid", "data-grid": grid.name, "data-hue": hue(grid) }, label, plane);
    return { grid, box, plane, lens, stop: first };
  }

  /** One cell: an input if given, a button if defined; only the first of a grid is a tab stop. */
  cell(k) {
    const { id, grid } = this.sheet.cells[k];
    const shared = { "data-cell": id, tabindex: k === grid.first ? 0 : -1, "aria-label": this.cellName(k) };
    // no inputmode: the number pads of some phones have no minus
    this.faces[k] = grid.given
      ? h("input", { type: "text", autocomplete: "off", ...shared })
      : h("button", { type: "button", ...shared });
    return h("td", {}, this.faces[k]);
  }

  cellName(k) {
    const { grid, index } = this.sheet.cells[k];
    const [i, j] = index;
    return this.say(`cell_${index.length}`, { grid: nameText(grid), i, j });
  }

  /* -- where the reader is -- */

  get step() {
    return Math.max(0, Math.min(this.sheet.steps.length - 1, this.model.get("step") ?? 0));
  }

  /** The place a frame is drawn from; on paper it is the figure's first state. */
  place() {
    if (this.paper.matches) return { step: this.spec.start ?? 0, pointed: null, predict: NO_PREDICTION };
    return { step: this.step, pointed: this.hovered ?? this.focused, predict: this.predict };
  }

  go(step) {
    this.pause();
    this.moveTo(step);
  }

  /** Go where a reader may have to answer. */
  press(step) {
    this.go(step);
    if (this.predict.on) this.focusPrediction();
  }

  moveTo(step) {
    this.model.set("step", Math.max(0, Math.min(this.sheet.steps.length - 1, step)));
    this.model.save_changes();
  }

  /** The step has changed, here or in Python. */
  arrive() {
    this.hovered = this.focused = this.old = null;
    this.predict = { ...NO_PREDICTION, on: this.predict.on };
    this.answer.value = this.status.textContent = "";
    this.draw();
    this.follow();
    this.travel();
  }

  /** Scroll a grid that is wider than its box to the first of what the step is about. */
  follow() {
    for (const k of [...this.view.aims, ...this.view.sources].reverse()) {
      const tile = this.faces[k].parentNode;
      const box = tile.closest(".bp-grid");
      box.scrollLeft = tile.offsetLeft - box.clientWidth / 2;
    }
  }

  start() {
    if (this.step === this.sheet.steps.length - 1) this.moveTo(0);
    this.timer = setInterval(() => {
      this.moveTo(this.step + 1);
      if (this.step === this.sheet.steps.length - 1) this.pause();
    }, PACE);
    this.draw();
  }

  /** Play once, as soon as it is seen, unless a reader takes hold of it. */
  autoplay() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const watch = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      watch.disconnect();
      this.start();
    }, { threshold: 0.5 });
    watch.observe(this.grids);
    const hold = ({ target }) => {
      watch.disconnect();
      if (target !== this.play) this.pause();
    };
    for (const event of ["pointerdown", "focusin"]) this.stage.addEventListener(event, hold, { once: true });
  }

  pause() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = 0;
    this.draw();
  }

  barKey(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move || event.target === this.slider || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.press(this.step + move);
  }

  /** Stay where a variant has no finite number for what the reader typed. */
  choose(variant) {
    const sheet = this.sheets[variant];
    const cell = broken(sheet, evaluate(sheet, {}), evaluate(sheet, this.typed));
    if (cell) {
      const blanks = { result: symbolText(cell), variant: this.spec.variants[variant].name };
      this.status.textContent = this.say("refused_variant", blanks);
      return this.drawControls();
    }
    this.model.set("variant", variant);
    this.moveTo(this.step); // the variant may have fewer steps
  }

  /* -- pointing -- */

  /** The defined cell under an element, or null. */
  cellAt(element) {
    const k = this.sheet.place.get(element.closest("[data-cell]")?.dataset.cell);
    return this.sheet.cells[k]?.value ? k : null;
  }

  hover(k) {
    if (k === this.hovered) return;
    this.hovered = k;
    this.draw();
  }

  enter(face) {
    const k = this.sheet.place.get(face.dataset.cell);
    if (k === undefined) return;
    const plot = this.plots[this.sheet.grids.indexOf(this.sheet.cells[k].grid)];
    this.faces[plot.stop].tabIndex = -1;
    face.tabIndex = 0;
    plot.stop = k;
    this.hovered = null; // the latest way of pointing wins
    this.focused = this.cellAt(face);
    if (this.focused === null) this.beginEdit(k);
    this.draw();
  }

  leave() {
    if (this.editing) {
      this.commit();
      this.editing = null;
    }
    this.focused = null;
    this.draw();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (this.editing && /^(Enter|Escape)$/.test(event.key)) {
      if (event.key === "Enter") this.commit();
      else this.settle(this.editing.k, this.editing.before);
      this.beginEdit(this.editing.k);
    }
    const move = ARROWS[event.key];
    const k = this.sheet.place.get(event.target.dataset.cell);
    if (!move || k === undefined || this.caretMoves(event)) return;
    event.preventDefault();
    this.faces[this.neighbour(k, move)]?.focus();
  }

  /** Left and Right belong to the text of an input until the caret is at that end. */
  caretMoves({ target, key }) {
    if (!this.editing || !/Left|Right/.test(key)) return false;
    const { selectionStart: from, selectionEnd: to, value } = target;
    const whole = from === 0 && to === value.length;
    return !whole && (from !== to || from !== (key === "ArrowLeft" ? 0 : value.length));
  }

  neighbour(k, [down, right]) {
    const { grid, row, column } = this.sheet.cells[k];
    const [r, c] = [row + down, column + right];
    const inside = r >= 0 && r < grid.rows && c >= 0 && c < grid.columns;
    return inside ? grid.first + r * grid.columns + c : undefined;
  }

  /* -- editing -- */

  beginEdit(k) {
    this.editing = { k, before: this.values[k], touched: false };
    this.faces[k].select();
  }

  /** While the reader types, every number that can be used is used. */
  preview(input) {
    if (!this.editing) return;
    if (!this.editing.touched) this.old = this.values;
    this.editing.touched = true;
    this.status.textContent = "";
    const value = typedNumber(input.value);
    if (!this.refusal(this.editing.k, value)) this.write(this.editing.k, value);
  }

  /** Keep what was typed, or say why not; the old number then stays. */
  commit() {
    const { k, before, touched } = this.editing;
    if (!touched) return;
    const typed = this.faces[k].value.trim();
    const refused = typed ? this.refusal(k, typedNumber(typed)) : { why: "refused_empty" };
    this.settle(k, refused ? before : typedNumber(typed));
    const cell = symbolText(this.sheet.cells[k]);
    const n = this.grids.querySelectorAll(".bp-grid:not([hidden]) .bp-changed").length;
    const blanks = { typed, cell, n, value: shown(before), limit: LIMIT, ...refused };
    this.status.textContent = this.say(refused?.why ?? "changed", blanks);
  }

  settle(k, value) {
    this.write(k, value);
    this.faces[k].value = shown(value);
  }

  /** Why a number may not stand in a cell, or null. */
  refusal(k, value) {
    if (Number.isNaN(value)) return { why: "refused_number" };
    const { choices, minimum = -LIMIT } = this.sheet.cells[k].grid;
    if (value < minimum || value > LIMIT) return { why: "refused_range", minimum: shown(minimum) };
    if (choices && !choices.includes(value)) return { why: "refused_choice", choices: choices.join(", ") };
    const cell = broken(this.sheet, this.values, evaluate(this.sheet, this.givenWith(k, value)));
    return cell ? { why: "refused_result", result: symbolText(cell) } : null;
  }

  givenWith(k, value) {
    const { grid } = this.sheet.cells[k];
    const list = [...numbersOf(grid, this.typed)];
    list[k - grid.first] = value;
    return { ...this.typed, [grid.key]: list };
  }

  write(k, value) {
    if (this.values[k] === value) return;
    const start = performance.now();
    this.model.set("given", this.givenWith(k, value));
    performance.measure("backprop:edit", { start }); // read by the benchmark
    this.model.save_changes();
  }

  reset() {
    this.old = null;
    this.model.set("given", {});
    this.model.save_changes();
    this.status.textContent = this.say("reset_done");
  }

  /* -- predicting -- */

  predicting(on) {
    this.pause();
    this.predict = { ...NO_PREDICTION, on };
    this.answer.value = this.status.textContent = "";
    this.draw();
    if (on) this.focusPrediction();
  }

  check() {
    const answer = typedNumber(this.answer.value);
    if (agrees(answer, this.values[this.view.asked])) return this.reveal("right");
    const wrong = !Number.isNaN(answer);
    this.reply(wrong ? "wrong" : this.answer.value.trim() ? "refused_answer" : "refused_nothing");
    this.predict.hint ||= wrong;
    this.draw();
    this.focusPrediction();
  }

  reply(key) {
    const { asked } = this.view;
    const blanks = { cell: symbolText(this.sheet.cells[asked]), value: shown(this.values[asked]) };
    this.status.textContent = this.say(key, { ...blanks, typed: this.answer.value.trim() });
  }

  reveal(key) {
    this.reply(key);
    this.predict = { on: true, known: this.predict.known + 1, hint: false };
    this.answer.value = "";
    this.draw();
    this.focusPrediction();
  }

  /** Bring focus and window to what comes next: the box, the way on, or the end. */
  focusPrediction() {
    const next = [this.answer, this.onward, this.toggle].find((element) => !element.closest("[hidden]"));
    next.focus();
    next.select?.();
    this.status.scrollIntoView({ block: "nearest" });
  }

  /* -- drawing -- */

  /** The given numbers have changed, here or in Python. */
  calculate() {
    this.typed = this.model.get("given") ?? {};
    this.values = evaluate(this.sheet, this.typed);
    this.draw();
  }

  draw() {
    const view = (this.view = frame(this.sheet, this.place()));
    this.drawValues(view);
    this.drawMarks(view);
    this.drawLines(view);
    this.drawVerdicts(view);
    this.drawControls();
    this.drawAnswer(view);
  }

  /** Put content in place if it is new: a live region says it each time. */
  renew(region, ...lines) {
    const fresh = h("div", {}, lines);
    if (!fresh.isEqualNode(region.firstChild)) region.replaceChildren(fresh);
  }

  drawValues({ hidden }) {
    for (const plot of this.plots) {
      let longest = 1;
      for (let k = plot.grid.first; k < plot.grid.first + plot.grid.size; k++) {
        this.drawValue(k, hidden.has(k));
        longest = Math.max(longest, this.drawn[k].text.length);
      }
      if (longest !== plot.longest) plot.plane.style.setProperty("--chars", (plot.longest = longest));
    }
  }

  /** Touch the page only where something has changed. */
  drawValue(k, hidden) {
    const value = this.values[k];
    const last = this.drawn[k];
    const { old } = this;
    if (last?.hidden === hidden && Object.is(last.value, value) && last.old === old) return;
    const text = shown(value);
    const face = this.faces[k];
    this.drawn[k] = { value, hidden, text, old };
    if (hidden) delete face.dataset.value;
    else face.dataset.value = value;
    if (this.sheet.cells[k].grid.given) {
      if (this.editing?.k !== k || !this.editing.touched) face.value = text;
      return;
    }
    const off = this.sheet.cells[k].grid.error && !hidden && Math.abs(value) > NEARLY_ZERO;
    face.textContent = hidden ? "?" : text;
    const blanks = { cell: this.cellName(k), value: hidden ? this.say("hidden") : text };
    face.setAttribute("aria-label", this.say(off ? "cell_error" : "cell_value", blanks));
    face.classList.toggle("bp-error", Boolean(off));
    face.classList.toggle("bp-changed", Boolean(old) && !hidden && shown(old[k]) !== text);
  }

  drawMarks({ aims, sources, show, boxes }) {
    const targets = new Set(aims);
    this.faces.forEach((face, k) => {
      const mark = targets.has(k) ? "bp-target" : sources.has(k) ? "bp-source" : "";
      if (face.parentNode.className === mark) return;
      face.parentNode.className = mark;
      if (targets.has(k)) face.setAttribute("aria-current", "step");
      else face.removeAttribute("aria-current");
    });
    for (const { grid, box, lens } of this.plots) {
      const window = boxes.get(grid);
      box.hidden = !show.includes(grid.name);
      box.classList.toggle("bp-read", Boolean(window));
      for (const side in window) lens.style.setProperty(`--${side}`, window[side]);
    }
  }

  drawLines({ formulas, more, note, hidden, asked, hint }) {
    const lines = formulas.map((k) => this.formulaLine(k, !hidden.has(k) || (hint && k === asked), hidden));
    const point = h("span", { class: "bp-press" }, this.say("point"));
    if (more) lines[0].append(h("span", { class: "bp-more" }, this.say("more", { more }), point));
    this.lines.setAttribute("aria-live", this.timer ? "off" : "polite");
    this.renew(this.lines, lines, note ? h("p", { class: "bp-note" }, note) : []);
  }

  /** target = symbols = numbers = value, as far as they may be seen. */
  formulaLine(k, withNumbers, hidden) {
    const { tree, grid, index } = this.sheet.cells[k];
    const parts = [["= ", printed(tree, this.ink((cell) => symbolNodes(cell.grid, cell.index)))]];
    const numbers = this.ink((_, at) => (hidden.has(at) ? "?" : shown(this.values[at])), true);
    if (withNumbers && Array.isArray(tree)) parts.push(["= ", printed(tree, numbers)]);
    if (!hidden.has(k) && typeof tree !== "number") parts.push(["= ", h("strong", {}, shown(this.values[k]))]);
    parts[0].unshift(h("span", { class: "bp-aim" }, symbolNodes(grid, index)), " ");
    return h("p", { class: "bp-formula" }, parts.map((part) => h("span", {}, part)));
  }

  /** How cells are written in a formula: in the colour and underline of their grid. */
  ink(write, asNumber = false) {
    const cell = (id, level) => {
      const k = this.sheet.place.get(id);
      const source = this.sheet.cells[k];
      const term = h("span", { class: "bp-term", "data-hue": hue(source.grid) }, write(source, k));
      return wrapped([term], asNumber && term.textContent.startsWith("−") ? SUM : ATOM, level);
    };
    return { cell, say: (key) => this.say(key) };
  }

  drawVerdicts({ show, hidden }) {
    const errors = this.sheet.grids.filter((grid) => grid.error && show.includes(grid.name));
    const told = errors.filter(({ first, size }) => ![...hidden].some((k) => k >= first && k < first + size));
    this.renew(this.verdicts, told.map((grid) => h("p", {}, this.verdict(grid))));
  }

  verdict(grid) {
    const { first, size } = grid;
    const errors = [...this.values.subarray(first, first + size)].map(Math.abs);
    const wrong = errors.filter((error) => error > NEARLY_ZERO);
    const blanks = { label: nameText(grid), k: wrong.length, n: size, value: shown(Math.max(...errors)) };
    return this.say(wrong.length ? "errors_some" : "errors_none", blanks);
  }

  drawControls() {
    const { step, sheet, predict, timer } = this;
    const last = sheet.steps.length - 1;
    const counter = this.say("step_of", { k: step + 1, n: last + 1 });
    this.travelBar.hidden = last === 0;
    this.slider.max = last + 1;
    this.slider.value = step + 1;
    this.slider.setAttribute("aria-valuetext", counter);
    this.counter.textContent = counter;
    this.back.forEach((button) => button.setAttribute("aria-disabled", step === 0));
    this.forth.forEach((button) => button.setAttribute("aria-disabled", step === last));
    this.picture(this.play, timer ? "pause" : "play");
    this.play.disabled = predict.on;
    this.toggle.hidden = !sheet.steps.some(({ targets }) => targets.length);
    this.toggle.setAttribute("aria-pressed", predict.on);
    this.radios?.forEach((radio, k) => (radio.checked = sheet === this.sheets[k]));
  }

  drawAnswer({ asked }) {
    this.form.hidden = !this.predict.on;
    this.asking.hidden = asked === undefined;
    this.onward.hidden = asked !== undefined || this.step === this.sheet.steps.length - 1;
    const cell = this.sheet.cells[asked];
    if (cell) this.question.textContent = this.say("answer", { cell: symbolText(cell) });
  }

  /* -- motion -- */

  /** Where a step only moves values, show them moving. */
  travel() {
    this.flight?.remove();
    const { aims, hidden } = this.view;
    const { cells } = this.sheet;
    const moves = aims.length > 1 && aims.every((k) => typeof cells[k].tree === "string" && !hidden.has(k));
    if (!moves || matchMedia("(prefers-reduced-motion: reduce)").matches || this.paper.matches) return;
    const flight = (this.flight = h("div", { class: "bp-flight", "aria-hidden": "true" }));
    this.stage.append(flight);
    const base = flight.getBoundingClientRect();
    const flown = aims.map((k) => this.fly(cells[k].sources[0], k, flight, base));
    Promise.allSettled(flown).then(() => flight.remove());
  }

  fly(source, target, flight, base) {
    const from = this.faces[source].getBoundingClientRect();
    const to = this.faces[target].getBoundingClientRect();
    if (!from.width || !to.width) return null;
    const ghost = h("span", {}, shown(this.values[target]));
    flight.append(ghost);
    const by = ({ left, top }) => `translate(${left - base.left}px, ${top - base.top}px)`;
    const timing = { duration: 900, easing: "cubic-bezier(.5, 0, .2, 1)" };
    ghost.style.width = `${to.width}px`;
    this.faces[target].animate({ color: ["transparent", "transparent"] }, timing);
    return ghost.animate({ transform: [by(from), by(to)] }, timing).finished;
  }
}

/* ---- Coming alive ---- */

/** Draw the figure into an element, in place of its static table; return the clean-up. */
function render({ model, el }) {
  const figure = new Figure(model);
  el.classList.add("bp-figure");
  const still = el.querySelector(".bp-static");
  if (still) still.replaceWith(figure.stage);
  else el.append(figure.stage);
  el.dataset.live = "true";
  if (figure.spec.autoplay) figure.autoplay();
  return () => figure.close();
}

/** A model for a page that no kernel serves. */
function modelOf(spec) {
  const state = { spec, variant: 0, step: spec.start ?? 0, given: {} };
  const bus = new EventTarget();
  return {
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      bus.dispatchEvent(new Event(`change:${name}`));
    },
    save_changes() {},
    on: (event, react) => bus.addEventListener(event, react),
    off: (event, react) => bus.removeEventListener(event, react),
  };
}

/** Bring a `.bp-figure` of a page to life from the JSON that it holds. */
function mount(element) {
  if (element.dataset.live) return;
  render({ model: modelOf(JSON.parse(element.querySelector(".bp-spec").textContent)), el: element });
}

export { mount };
export default { render };
