import { inParallel } from '#tests/support/in-parallel.ts'
import { Ledger, type Meter } from './ledger.ts'

/** One connection that stands in one room. */
export interface Seat {
  /** Sends the seat's next message; `dueMs` is when it should have left, on the clock of performance.now(). */
  send(dueMs: number): void
  close(): void
}

export interface Room {
  /** Every member, all online. */
  readonly seats: readonly Seat[]
  /** The first so many seats write; a writer's number is its place. */
  readonly writerCount: number
  readonly ledger: Ledger
}

export interface Shape {
  readonly name: 'pairs' | 'groups' | 'crowd' | 'circle'
  readonly rooms: number
  readonly members: number
  readonly writers: number
}

export interface Place {
  /** Its number among the rooms. */
  readonly room: number
  /** The member's number in the room. */
  readonly place: number
  readonly ledger: Ledger
}

const roomsAtOnce = 4
const seatsAtOnce = 8

/** Seats everybody, in each room the first member before the others. What cannot be opened whole is closed again. */
export async function openRooms(shape: Shape, meter: Meter, sit: (place: Place) => Promise<Seat>): Promise<Room[]> {
  const { rooms, members, writers } = shape
  const opened: Seat[] = []
  const failure = new AbortController()
  const sitDown = async (place: Place): Promise<Seat> => {
    const seat = await sit(place)
    if (failure.signal.aborted) seat.close()
    else opened.push(seat)
    return seat
  }
  try {
    return await inParallel(Array.from({ length: rooms }), roomsAtOnce, async (_, room) => {
      const ledger = new Ledger(meter, members)
      const first = await sitDown({ room, place: 0, ledger })
      const others = await inParallel(Array.from({ length: members - 1 }), seatsAtOnce, (_, i) =>
        sitDown({ room, place: i + 1, ledger }),
      )
      return { seats: [first, ...others], writerCount: writers, ledger }
    })
  } catch (error) {
    failure.abort()
    for (const seat of opened) seat.close()
    throw error
  }
}
