import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Random } from './random.js'
import { type Call, lastNumberOf, targetOf, textsOf } from './trace.js'

/*
 * A disk, as far as a trace tells of it. What a system has been given to write it may write or not, in any order and sector
 * by sector, until a sync of that file has ended; names are safe once their directory was synced.
 */

/** The unit that a disk writes as a whole. */
const SECTOR_BYTES = 512

/** Of all that is not synced: is this part on the disk? */
export type Choice = () => boolean

/** What lay on the disk when the power failed. */
export type Image = ReadonlyMap<string, Buffer>

/** One write to a file; `begin` and `end` are lines of the trace. */
export interface DiskWrite {
  readonly path: string
  readonly data: Buffer
  readonly offset: number
  readonly begin: number
  readonly end: number
}

/** All that happened to a disk. */
export interface Disk {
  /** Ends of syncs, in their order. */
  readonly syncs: readonly number[]
  /** In the order in which they began. */
  readonly writes: readonly DiskWrite[]
  /** When the first sync of the file ended that began after `from`; Infinity if none did. */
  syncedAfter(path: string, from: number): number
  /** The files at that line of the trace; `choose` decides about everything that was not synced. */
  imageAt(line: number, choose: Choice): Image
}

interface FileOperation {
  readonly data: Buffer | undefined
  /** Where the data goes; without data the new length. */
  readonly offset: number
  readonly begin: number
  readonly end: number
}

interface File {
  readonly operations: FileOperation[]
  readonly syncs: Call[]
  /** Opened to be appended to: a plain `write` goes to its end. */
  isAppended: boolean
  /** As programs see it. */
  length: number
}

type NameOperation = { readonly begin: number; readonly end: number } & (
  | { readonly kind: 'add'; readonly path: string; readonly file: File }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'move'; readonly path: string; readonly to: string }
)

/** Follows what happens to files in `directory`. Throws for what it does not understand. */
export function readDisk(calls: readonly Call[], directory: string): Disk {
  const disk = new TracedDisk(directory)
  for (const call of calls) disk.follow(call)
  return disk
}

class TracedDisk implements Disk {
  readonly syncs: number[] = []
  readonly writes: DiskWrite[] = []
  readonly #directory: string
  /** By their present names. */
  readonly #files = new Map<string, File>()
  readonly #names: NameOperation[] = []
  readonly #nameSyncs: Call[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  follow(call: Call): void {
    const { name, begin, end, result } = call
    if (result < 0) return
    switch (name) {
      case 'open':
      case 'openat':
      case 'creat':
        return this.#open(call)
      case 'rename': {
        const [path = '', to = ''] = textsOf(call).map(String)
        if (!this.#isInside(path)) return
        this.#names.push({ kind: 'move', path, to, begin, end })
        this.#files.set(to, this.#file(path))
        this.#files.delete(path)
        return
      }
      case 'unlink': {
        const path = String(textsOf(call)[0])
        if (!this.#isInside(path)) return
        this.#names.push({ kind: 'remove', path, begin, end })
        this.#files.delete(path)
        return
      }
      case 'pwrite64':
        return this.#write(call, lastNumberOf(call))
      case 'write': {
        const path = targetOf(call)
        if (!this.#isInside(path)) return
        if (!this.#file(path).isAppended) throw new Error(`it is not known where this is written: ${path}`)
        return this.#write(call, this.#file(path).length)
      }
      case 'ftruncate': {
        const path = targetOf(call)
        if (!this.#isInside(path)) return
        const length = lastNumberOf(call)
        this.#file(path).operations.push({ data: undefined, offset: length, begin, end })
        this.#file(path).length = length
        return
      }
      case 'fsync':
      case 'fdatasync':
        return this.#sync(call)
      case 'close':
      case 'mkdir':
        return
      default:
        // Another way to write, or to promise: it must be understood before anything can be said.
        if (this.#isInside(targetOf(call)) || textsOf(call).some((text) => this.#isInside(String(text)))) {
          throw new Error(`the trace has a call that is not understood: ${name}(${call.text.slice(0, 200)}`)
        }
    }
  }

  syncedAfter(path: string, from: number): number {
    const sync = this.#files.get(path)?.syncs.find(({ begin }) => begin > from)
    return sync?.end ?? Number.POSITIVE_INFINITY
  }

  imageAt(line: number, choose: Choice): Image {
    const nameSync = lastEndedBefore(this.#nameSyncs, line)
    const files = new Map<string, File>()
    // Names are changed in their order: what one of them did not reach, the later ones did not either.
    let isReached = true
    for (const operation of this.#names) {
      if (operation.begin > line) break
      const isSafe = nameSync !== undefined && operation.end < nameSync.begin
      isReached = isSafe || (isReached && choose())
      if (isReached) apply(files, operation)
    }
    return new Map([...files].map(([path, file]) => [path, contentAt(file, line, choose)]))
  }

  #open(call: Call): void {
    const path = String(textsOf(call)[0])
    const mayCreate = call.name === 'creat' || call.text.includes('O_CREAT')
    if (!this.#isInside(path) || !mayCreate) return
    if (call.text.includes('O_TRUNC')) throw new Error(`a file is opened to be cut: ${path}`)
    const known = this.#files.get(path)
    const isAppended = call.text.includes('O_APPEND')
    if (known !== undefined) {
      known.isAppended = isAppended
      return
    }
    const file: File = { operations: [], syncs: [], isAppended, length: 0 }
    this.#files.set(path, file)
    this.#names.push({ kind: 'add', path, file, begin: call.begin, end: call.end })
  }

  #write(call: Call, offset: number): void {
    const path = targetOf(call)
    if (!this.#isInside(path)) return
    const { begin, end, result } = call
    const all = Buffer.concat(textsOf(call))
    const data = end < Number.POSITIVE_INFINITY ? all.subarray(0, result) : all
    const write = { path, data, offset, begin, end }
    const file = this.#file(path)
    file.operations.push(write)
    file.length = Math.max(file.length, offset + data.length)
    this.writes.push(write)
  }

  #sync(call: Call): void {
    const path = targetOf(call)
    if (path === this.#directory) this.#nameSyncs.push(call)
    else if (this.#isInside(path)) this.#file(path).syncs.push(call)
    else return
    if (call.end < Number.POSITIVE_INFINITY) this.syncs.push(call.end)
  }

  #isInside(path: string): boolean {
    return path.startsWith(`${this.#directory}/`)
  }

  #file(path: string): File {
    const file = this.#files.get(path)
    if (file === undefined) throw new Error(`the trace never opens ${path}`)
    return file
  }
}

function apply(files: Map<string, File>, operation: NameOperation): void {
  if (operation.kind === 'add') files.set(operation.path, operation.file)
  else if (operation.kind === 'remove') files.delete(operation.path)
  else {
    const file = files.get(operation.path)
    files.delete(operation.path)
    if (file !== undefined) files.set(operation.to, file)
  }
}

function lastEndedBefore(syncs: readonly Call[], line: number): Call | undefined {
  return syncs.filter(({ end }) => end < line).at(-1)
}

function contentAt({ operations, syncs }: File, line: number, choose: Choice): Buffer {
  const sync = lastEndedBefore(syncs, line)
  let content: Buffer = Buffer.alloc(0)
  for (const { data, offset, begin, end } of operations) {
    if (begin > line) break
    const isSafe = sync !== undefined && end < sync.begin
    if (data === undefined) {
      if (isSafe || choose()) content = resized(content, offset)
      continue
    }
    for (let from = 0; from < data.length; ) {
      const to = Math.min(data.length, from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES))
      if (isSafe || choose()) {
        content = resized(content, Math.max(content.length, offset + to))
        data.copy(content, offset + from, from, to)
      }
      from = to
    }
  }
  return content
}

function resized(content: Buffer, length: number): Buffer {
  if (length <= content.length) return content.subarray(0, length)
  return Buffer.concat([content], length)
}

/** Nothing that was not synced is there. */
export const nothing: Choice = () => false

/** A part of what was not synced is there; how large a part is chosen once, so that all and nearly nothing come too. */
export function someOf(random: Random): Choice {
  const share = random.pick([0.02, 0.3, 0.5, 0.8, 0.98, 1])
  return () => random.chance(share)
}

/** Writes the files of an image below `target`, which takes the place of `directory`. */
export async function writeImage(image: Image, directory: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true })
  for (const [path, content] of image) {
    const file = join(target, path.slice(directory.length))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }
}
