import type { Meter } from '../driver/ledger.ts'
import type { Processes } from '../driver/processes.ts'
import type { Room, Shape } from '../driver/room.ts'

/** Something that carries messages between members of rooms: GoChat, or a peer that stands beside it. */
export interface System {
  readonly name: string
  /** Whose CPU and memory it is charged with; the driver among them. */
  readonly processes: Processes
  /** Rooms of this shape with everybody connected; the same ones again for the same shape. */
  open(shape: Shape, meter: Meter): Promise<Room[]>
}
