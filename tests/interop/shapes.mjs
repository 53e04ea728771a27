// Two people use every type of Yjs as editors do, and one of them comes back from being offline: prints each update in base64.
import * as Y from "yjs";

const steps = Number(process.argv.find((a) => a.startsWith("--steps="))?.slice(8) ?? 300);
let seed = Number(process.argv.find((a) => a.startsWith("--seed="))?.slice(7) ?? 1);
const pick = (n) => (seed = (seed * 48271) % 2147483647) % n;

const sent = [];
const people = [new Y.Doc(), new Y.Doc()];
people.forEach((doc, i) => {
  doc.clientID = 1000 + i;
  doc.on("update", (update, origin) => origin === "remote" || sent.push(Buffer.from(update).toString("base64")));
});

const edits = [
  (doc) => doc.getText("content").insert(pick(doc.getText("content").length + 1), ["a", "word ", "é", "😀"][pick(4)]),
  (doc) => doc.getText("content").length && doc.getText("content").format(0, 1 + pick(doc.getText("content").length), { bold: pick(2) ? true : null }),
  (doc) => doc.getText("content").insertEmbed(0, { image: "x.png" }),
  (doc) => doc.getText("content").length > 3 && doc.getText("content").delete(pick(2), 2),
  (doc) => doc.getMap("meta").set(["a", "b", "c"][pick(3)], [1, "two", { three: [3] }, null, true, 1.5][pick(6)]),
  (doc) => doc.getMap("meta").set("list", Y.Array.from([1, "two", new Uint8Array([3])])),
  (doc) => doc.getMap("meta").delete("a"),
  (doc) => doc.getArray("rows").insert(0, [new Y.Map([["done", false]]), "plain"]),
  (doc) => doc.getArray("rows").length > 1 && doc.getArray("rows").delete(1, 1),
  (doc) => {
    const paragraph = new Y.XmlElement("paragraph");
    paragraph.setAttribute("level", "1");
    paragraph.insert(0, [new Y.XmlText("some text")]);
    doc.getXmlFragment("prosemirror").insert(pick(doc.getXmlFragment("prosemirror").length + 1), [paragraph]);
  },
  (doc) => {
    const paragraph = doc.getXmlFragment("prosemirror").get(0);
    paragraph?.get(0)?.insert(pick(4), "typed", { strong: {} });
  },
  (doc) => doc.getXmlFragment("prosemirror").length > 2 && doc.getXmlFragment("prosemirror").delete(0, 1),
];

for (let step = 0; step < steps; step++) {
  const doc = people[pick(2)];
  doc.transact(() => edits[pick(edits.length)](doc));
  if (step % 7 === 0) {
    const [ann, bob] = people;
    Y.applyUpdate(ann, Y.encodeStateAsUpdate(bob, Y.encodeStateVector(ann)), "remote");
    Y.applyUpdate(bob, Y.encodeStateAsUpdate(ann, Y.encodeStateVector(bob)), "remote");
  }
}
const whole = Buffer.from(Y.mergeUpdates(people.map((doc) => Y.encodeStateAsUpdate(doc)))).toString("base64");
console.log(JSON.stringify({ sent, whole }));
