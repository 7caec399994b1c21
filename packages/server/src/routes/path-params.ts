// Reads the names of the params out of a pattern's literal type, by the rules that pattern.ts follows at run time.

/**
 * The params of a pattern: `PathParams<'/hello/:room'>` is `{ room: string }`. `*` has the name `'*'`, an optional
 * param (`:room?`) may be absent. A pattern that is not a literal gives a record of strings.
 */
export type PathParams<Pattern extends string> = string extends Pattern ? Record<string, string> : ReadStatic<Pattern>

type ReadStatic<Text extends string, Params = unknown> = Text extends `${infer Before}:${infer After}`
  ? After extends `:${infer Rest}`
    ? ReadStatic<Rest, Params & WildcardOf<Before>>
    : ReadName<After, Params & WildcardOf<Before>>
  : Flat<Params & WildcardOf<Text>>

type ReadName<Text extends string, Params, Name extends string = ''> = Text extends `${infer Char}${infer Rest}`
  ? Char extends NameChar
    ? ReadName<Rest, Params, `${Name}${Char}`>
    : Char extends '('
      ? ReadStatic<SkipGroup<Rest>, Params & { [K in Name]: string }>
      : Char extends '?'
        ? ReadStatic<Rest, Params & { [K in Name]?: string }>
        : ReadStatic<Text, Params & { [K in Name]: string }>
  : ReadStatic<'', Params & { [K in Name]: string }>

/** The text behind the parenthesis that closes the group; `Depth` holds one element for each group still open inside. */
type SkipGroup<Text extends string, Depth extends unknown[] = []> = Text extends `${infer Char}${infer Rest}`
  ? Char extends '\\'
    ? Rest extends `${string}${infer Behind}`
      ? SkipGroup<Behind, Depth>
      : ''
    : Char extends '('
      ? SkipGroup<Rest, [...Depth, unknown]>
      : Char extends ')'
        ? Depth extends [unknown, ...infer Outer]
          ? SkipGroup<Rest, Outer>
          : Rest
        : SkipGroup<Rest, Depth>
  : ''

type WildcardOf<Text extends string> = Text extends `${string}*${string}` ? { '*': string } : unknown

type Flat<Params> = unknown extends Params ? Record<never, never> : { [K in keyof Params]: Params[K] }

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
type LowerA = 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'i' | 'j' | 'k' | 'l' | 'm'
type LowerB = 'n' | 'o' | 'p' | 'q' | 'r' | 's' | 't' | 'u' | 'v' | 'w' | 'x' | 'y' | 'z'
type NameChar = LowerA | LowerB | Uppercase<LowerA | LowerB> | Digit | '_'
