import { render } from 'preact'
import { takeFromAddress } from './credential'
import './styles/page.css'
import './styles/sidebar.css'
import './styles/note.css'
import './styles/parts.css'
import './styles/prose.css'
import { keepPage } from './offline'
import './theme'
import { App } from './ui/app'

takeFromAddress()
// A link that is pasted into an open page changes nothing but what stands behind the `#`.
addEventListener('hashchange', () => takeFromAddress() && location.reload())

const root = document.getElementById('root')
if (root) render(<App />, root)

addEventListener('load', () => setTimeout(() => void keepPage().catch(() => undefined), 1_000))
