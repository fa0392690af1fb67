// Runs in V8 while the book is built, after the parts of MathJax: it sets one formula at a time.
const { TeX } = MathJax._.input.tex_ts;
const { CHTML } = MathJax._.output.chtml_ts;
const { TeXFont } = MathJax._.output.chtml.fonts.tex_ts;
const { AssistiveMmlHandler } = MathJax._.a11y["assistive-mml"];

const adaptor = MathJax._.adaptors.liteAdaptor.liteAdaptor();
AssistiveMmlHandler(MathJax._.handlers.html_ts.RegisterHTMLHandler(adaptor));

const output = new CHTML({
  font: new TeXFont({ fontURL: "woff-v2" }),
  adaptiveCSS: false, // the rules for all characters; those that no page needs are dropped later
});
/** Lines of a derivation stand apart: MathJax lets one's fraction touch the next one's. */
function spread({ data }) {
  const wider = (gap) => `${(parseFloat(gap) / (gap.endsWith("pt") ? 10 : 1) + 0.15).toFixed(3)}em`;
  data.root.walkTree((node) => {
    const { attributes } = node;
    if (!node.isKind("mtable") || !attributes.get("displaystyle")) return;
    attributes.set("rowspacing", attributes.get("rowspacing").replace(/\S+/g, wider));
  });
}

const input = new TeX({ packages: ["base", "ams", "newcommand"] });
input.postFilters.add(spread);
const sheet = MathJax._.mathjax.mathjax.document("", {
  InputJax: input,
  OutputJax: output,
});

/** The HTML of a formula, its MathML for screen readers included. */
function typeset(tex, display) {
  return adaptor.outerHTML(sheet.convert(tex, { display }));
}

function styles() {
  return adaptor.textContent(output.styleSheet(sheet));
}
