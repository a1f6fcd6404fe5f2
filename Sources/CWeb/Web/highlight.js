// A little colour in code: comments, strings, numbers and the words of common languages. One pass, no state between
// blocks; a language that is not known gets strings and numbers only.

import { element } from "./dom.js";

const C_LIKE = "break case catch class const continue default do else enum export extends false finally for if import in instanceof interface "
    + "let new null private protected public return static struct super switch this throw true try typeof using var void while yield async await";
const WORDS = {
    swift: "actor any as associatedtype async await break case catch class continue default defer deinit do else enum extension "
        + "fallthrough false fileprivate for func guard if import in init inout internal is let nil nonisolated open operator private "
        + "protocol public repeat rethrows return self Self some static struct subscript super switch throw throws true try typealias var where while",
    python: "and as assert async await break class continue def del elif else except False finally for from global if import in is "
        + "lambda None nonlocal not or pass raise return True try while with yield match case self",
    javascript: `${C_LIKE} function of undefined delete get set from as type declare readonly namespace`,
    c: `${C_LIKE} int char float double long short unsigned signed bool auto extern inline sizeof typedef union goto namespace template typename nullptr constexpr virtual override`,
    rust: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while",
    go: "break case chan const continue default defer else fallthrough false for func go goto if import interface map nil package range return select struct switch true type var",
    java: `${C_LIKE} abstract boolean byte char double final float int long package short synchronized throws implements fun val when object data override`,
    shell: "if then else elif fi for in do done while until case esac function return export local readonly set unset exit echo cd source sudo",
    sql: "select from where insert into values update set delete create table drop alter add join left right inner outer on as and or not null primary key foreign references group by order having limit distinct union index view with case when then else end is in like between exists",
    json: "true false null",
};
const NAMES = {
    py: "python", js: "javascript", jsx: "javascript", ts: "javascript", tsx: "javascript", typescript: "javascript", "c++": "c", cpp: "c",
    h: "c", hpp: "c", cs: "java", csharp: "java", kotlin: "java", kt: "java", rs: "rust", golang: "go", bash: "shell", sh: "shell",
    zsh: "shell", console: "shell", dockerfile: "shell", yml: "yaml", jsonc: "json", objc: "c",
};
const HASH_COMMENTS = new Set(["python", "shell", "yaml", "toml", "ruby", "rb", "make", "makefile", "perl", "r"]);
const SLASH_COMMENTS = new Set(["swift", "javascript", "c", "rust", "go", "java", "php", "scss", "dart", "scala"]);
const LARGEST = 60_000;

/** `text` as nodes; the text of the nodes is `text` again. */
export function highlight(text, language) {
    if (text.length > LARGEST) return [text];
    const name = NAMES[language.toLowerCase()] ?? language.toLowerCase();
    if (!name || ["text", "txt", "plain", "plaintext", "markdown", "md", "diff", "output"].includes(name)) return [text];
    const isSQL = name === "sql";
    const words = new Set((WORDS[name] ?? "").split(" "));
    const comment = [
        SLASH_COMMENTS.has(name) ? String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)` : null,
        HASH_COMMENTS.has(name) ? String.raw`(?<![^\s])#[^\n]*` : null,
        isSQL || name === "lua" ? String.raw`--[^\n]*` : null,
        name === "css" ? String.raw`\/\*[\s\S]*?(?:\*\/|$)` : null,
        name === "html" || name === "xml" ? String.raw`<!--[\s\S]*?(?:-->|$)` : null,
    ].filter(Boolean).join("|") || "(?!)";
    const string = String.raw`"""[\s\S]*?(?:"""|$)|"(?:[^"\\\n]|\\.)*"?|${
        name === "rust" ? String.raw`'(?:[^'\\\n]|\\.)'` : String.raw`'(?:[^'\\\n]|\\.)*'`}${
        name === "javascript" || name === "go" ? String.raw`|\x60(?:[^\x60\\]|\\[\s\S])*(?:\x60|$)` : ""}`;
    const pattern = new RegExp(
        `(?<comment>${comment})|(?<string>${string})|(?<number>\\b\\d[\\w.]*)|(?<word>[\\p{L}_@#][\\p{L}\\p{N}_-]*)`, "gu");
    const nodes = [];
    let end = 0;
    for (const found of text.matchAll(pattern)) {
        const { comment: isComment, string: isString, number: isNumber, word } = found.groups;
        const isWord = word !== undefined && words.has(isSQL ? word.toLowerCase() : word);
        const kind = isComment ? "comment" : isString ? "string" : isNumber ? "number" : isWord ? "word" : null;
        if (!kind) continue;
        nodes.push(text.slice(end, found.index), element("span", { class: `code-${kind}` }, found[0]));
        end = found.index + found[0].length;
    }
    nodes.push(text.slice(end));
    return nodes;
}
