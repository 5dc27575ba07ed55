import { testBusContract } from '../contract.ts'
import { createMemoryBus } from './bus.ts'

testBusContract('in memory', createMemoryBus)
