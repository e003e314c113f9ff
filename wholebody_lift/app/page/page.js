// What the parts of the page share.

export const $ = (id) => document.getElementById(id);

export function element(name, children = [], properties = {}) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...[children].flat());
  return node;
}

// The lines of an answer, as objects; an answer without line ends is one.
export async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value = "", done } = await reader.read();
    const whole = (text + value).split("\n");
    text = whole.pop();
    for (const line of whole) yield JSON.parse(line);
    if (!done) continue;
    if (text) yield JSON.parse(text);
    return;
  }
}

// The last line of an answer. The lines before it report progress.
export async function last(answer, report) {
  for await (const line of lines(answer)) {
    if (!("stage" in line)) return line;
    report(line);
  }
  throw new Error("the answer ended early");
}
