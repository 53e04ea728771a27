import { useEffect, useState } from 'preact/hooks'
import { refusal } from '../credential'
import { enter } from '../entry'
import { Boot } from './boot'
import { Gate } from './gate'
import { Shell } from './shell'

/** The notes, or the question for a token. */
export function App() {
  const [inside, setInside] = useState<boolean | null>(null)
  const open = () => void enter().then(setInside)
  useEffect(open, [])
  if (inside === null && refusal.value === null) return <Boot />
  return inside && refusal.value === null ? <Shell /> : <Gate enter={open} />
}
