/*
 * Reads what `strace -f -yy -xx` wrote: one line for each system call, all texts as hexadecimal escapes, with the path of
 * each file behind its number. A call that others overtake stands in two lines.
 */

/** One system call. `begin` and `end` are lines of the trace: what ended before another began has happened before it. */
export interface Call {
  readonly name: string
  /** The arguments, with the texts still as escapes. */
  readonly text: string
  /** Below 0: it failed. */
  readonly result: number
  readonly begin: number
  /** Infinity for one that the kill has cut off. */
  readonly end: number
}

/** The options for strace; what it writes goes to `file`. */
export function straceArguments(file: string): readonly string[] {
  const files = 'open,openat,openat2,creat,close,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat'
  const bytes =
    'write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendfile,copy_file_range,truncate,ftruncate,fallocate'
  const syncs = 'fsync,fdatasync,sync,syncfs,sync_file_range,msync,io_uring_setup'
  return ['-f', '-yy', '-xx', '-s', '1048576', '-o', file, '-e', `trace=${files},${bytes},${syncs}`]
}

/** The calls of a trace, by the line in which they begin. */
export function readTrace(trace: string): readonly Call[] {
  const calls: Call[] = []
  /** By thread: the call that is not finished, and its place among the others. */
  const open = new Map<string, { readonly head: string; readonly begin: number; readonly index: number }>()
  for (const [line, text] of trace.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(text) ?? []
    if (rest.endsWith(' <unfinished ...>')) {
      const head = rest.slice(0, -' <unfinished ...>'.length)
      open.set(thread, { head, begin: line, index: calls.length })
      calls.push(readCall(head, line, Number.POSITIVE_INFINITY))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const unfinished = open.get(thread)
    if (resumed !== null && unfinished !== undefined) {
      calls[unfinished.index] = readCall(unfinished.head + resumed[1], unfinished.begin, line)
      open.delete(thread)
    } else if (/^\w+\(/.test(rest)) calls.push(readCall(rest, line, line))
  }
  return calls
}

function readCall(text: string, begin: number, end: number): Call {
  const name = text.slice(0, text.indexOf('('))
  const [, result = '-1'] = / = (-?\d+)[^=]*$/.exec(text.slice(-8192)) ?? []
  const isDone = end < Number.POSITIVE_INFINITY
  return { name, text: text.slice(name.length + 1), result: isDone ? Number(result) : 0, begin, end }
}

/** The file or socket that a call's first argument is: `/a/path`, `TCP:[...]`; empty if it is none. */
export function targetOf({ text }: Call): string {
  const [, name = ''] = /^\d+<(.*?)>(?=[,)]|$)/.exec(text.slice(0, 4096)) ?? []
  return name.startsWith('\\x') ? unescaped(name).toString() : name
}

/** All texts among the arguments of a call, file names or contents. */
export function textsOf({ text }: Call): readonly Buffer[] {
  return [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, escaped = '']) => unescaped(escaped))
}

/** The last number among the arguments: the offset of a `pwrite64`, the length of an `ftruncate`. */
export function lastNumberOf({ text }: Call): number {
  const [, number = ''] = /(\d+)\)(?: += .*)?$/.exec(text.slice(-8192)) ?? []
  return Number(number)
}

const unescaped = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex')
