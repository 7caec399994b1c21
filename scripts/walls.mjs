// Holds all sources against the walls between rooms, then proves with planted breaches that each wall catches its own.
import { join, relative } from 'node:path'
import { cruise, wallNames } from './walls/cruise.mjs'
import { plantBreaches } from './walls/planted.mjs'
import { rooms } from './walls/rooms.mjs'
import { root } from './workspace.mjs'

const roomOf = (file) =>
  rooms.find(({ package: folder, room }) => {
    const path = `packages/${folder}/src/${room}`
    const [head, tail] = path.split('*')
    return room.endsWith('/')
      ? file.startsWith(path)
      : tail === undefined
        ? file === path
        : file.startsWith(head) && file.endsWith(tail)
  })

const { files, breaches } = await cruise(root)
const own = files.filter((file) => /^packages\/(server|sse)\//.test(file))
const homeless = own.filter((file) => !roomOf(file))
const standing = new Set(own.map(roomOf).filter(Boolean))
const planted = await plantBreaches()

for (const { from, to, wall } of breaches)
  console.log(`${from} imports ${relative(root, join(root, to))} (wall: ${wall})`)
for (const file of homeless) console.log(`${file} is in no room of the map (scripts/walls/rooms.mjs)`)
for (const line of planted.wrong) console.log(line)

console.log(
  `walls: ${files.length} files, ${breaches.length} breaches; ${standing.size} rooms stand, ${rooms.length - standing.size} are on the map without a file`,
)
console.log(
  `walls: ${wallNames.length} walls; of planted imports ${planted.caught} caught, ${planted.passed} passed, ${planted.wrong.length} judged wrongly`,
)
process.exitCode = breaches.length + homeless.length + planted.wrong.length === 0 ? 0 : 1
