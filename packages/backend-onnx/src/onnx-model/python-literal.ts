/** A value that Python prints: dictionaries are lists of pairs, because their keys may be numbers. */
export type PythonValue = string | number | boolean | null | readonly PythonValue[] | PythonDictionary;

export interface PythonDictionary {
  readonly pairs: readonly (readonly [PythonValue, PythonValue])[];
}

/** Deeper lists are no metadata, and would overflow the stack. */
const DEPTH = 50;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};
const WORDS: Readonly<Record<string, PythonValue>> = {
  None: null,
  null: null,
  True: true,
  true: true,
  False: false,
  false: false,
};

/**
 * Reads a literal in Python's syntax, of which JSON is almost a part: lists, tuples and sets, dictionaries, strings in
 * either quotes, numbers, `None`. A call such as `array([0.5], dtype=float32)` stands for its first argument. Returns
 * undefined where the text is anything else.
 */
export function pythonLiteral(text: string): PythonValue | undefined {
  const reader = new Reader(text);
  try {
    const value = reader.value(0);
    return reader.atEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  atEnd(): boolean {
    this.#match(/\s*/y);
    return this.#at === this.text.length;
  }

  value(depth: number): PythonValue {
    if (depth > DEPTH) throw new SyntaxError('too deep');
    const open = this.#match(/\s*([[({])/y)?.[1];
    if (open === '[') return this.#list(']', depth);
    if (open === '{') return this.#braces(depth);
    if (open === '(') return this.#parenthesis(depth);
    const quote = this.#match(/\s*(?:[bBuU]|[rR](?=['"]))?(['"])/y)?.[1];
    if (quote !== undefined) return this.#string(quote);
    const number = this.#match(/\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y)?.[1];
    if (number !== undefined) return Number(number.replaceAll('_', ''));
    const word = this.#match(/\s*([A-Za-z_][\w.]*)/y)?.[1];
    if (word === undefined) throw new SyntaxError(`no value at ${this.#at}`);
    if (this.#match(/\s*\(/y) !== null) return this.#argument(depth);
    if (!Object.hasOwn(WORDS, word)) throw new SyntaxError(word);
    return WORDS[word]!;
  }

  /** The rest of a list, after `items`. */
  #list(close: string, depth: number, items: PythonValue[] = []): PythonValue[] {
    while (!this.#takes(close)) {
      if (items.length > 0 && !this.#takes(',')) throw new SyntaxError(`no ${close}`);
      if (this.#takes(close)) break;
      items.push(this.value(depth + 1));
    }
    return items;
  }

  /** A tuple, or one value in parentheses. */
  #parenthesis(depth: number): PythonValue {
    const start = this.#at;
    const items = this.#list(')', depth);
    const isTuple = items.length !== 1 || /,\s*\)$/.test(this.text.slice(start, this.#at));
    return isTuple ? items : items[0]!;
  }

  /** A dictionary, or a set. */
  #braces(depth: number): PythonValue {
    if (this.#takes('}')) return { pairs: [] };
    const first = this.value(depth + 1);
    if (!this.#takes(':')) return this.#list('}', depth, [first]);
    const pairs: [PythonValue, PythonValue][] = [[first, this.value(depth + 1)]];
    while (!this.#takes('}')) {
      if (!this.#takes(',')) throw new SyntaxError('no }');
      if (this.#takes('}')) break;
      const key = this.value(depth + 1);
      if (!this.#takes(':')) throw new SyntaxError('no :');
      pairs.push([key, this.value(depth + 1)]);
    }
    return { pairs };
  }

  #argument(depth: number): PythonValue {
    const first = this.value(depth + 1);
    while (this.#takes(',')) {
      if (this.#takes(')')) return first;
      // dtype=float32, dtype=np.float32, dtype='float32'
      if (this.#match(/\s*\w+\s*=\s*(?:[\w.]+|'[^']*'|"[^"]*")/y) === null) this.value(depth + 1);
    }
    if (!this.#takes(')')) throw new SyntaxError('no )');
    return first;
  }

  #string(quote: string): string {
    const [, body] = this.#match(quote === "'" ? /((?:[^'\\]|\\[^])*)'/y : /((?:[^"\\]|\\[^])*)"/y) ?? [];
    if (body === undefined) throw new SyntaxError('no end of a string');
    return body.replace(
      /\\(?:x([\da-f]{2})|u([\da-f]{4})|([^]))/gi,
      (_, x: string | undefined, u: string | undefined, other: string | undefined) => {
        const code = x ?? u;
        return code === undefined ? (ESCAPES[other!] ?? other!) : String.fromCharCode(parseInt(code, 16));
      },
    );
  }

  #takes(sign: string): boolean {
    const before = this.#at;
    this.#match(/\s*/y);
    if (this.text.startsWith(sign, this.#at)) {
      this.#at += sign.length;
      return true;
    }
    this.#at = before;
    return false;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }
}
