import type { ComponentChildren } from 'preact'

const drawn = (paths: ComponentChildren) => () => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    {paths}
  </svg>
)

export const PlusIcon = drawn(<path d="M10 4v12M4 10h12" />)
export const SearchIcon = drawn(<path d="M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4Zm4 9 3.5 3.5" />)
export const DotsIcon = drawn(<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" stroke-width="2.6" />)
export const BackIcon = drawn(<path d="M12.5 4.5 7 10l5.5 5.5" />)
export const SunIcon = drawn(
  <path d="M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1" />,
)
export const MoonIcon = drawn(<path d="M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5Z" />)
export const SystemIcon = drawn(
  <path d="M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 0v14M10 6l5.5 0M10 10h7M10 14h5.5" />,
)
export const KeyboardIcon = drawn(
  <path d="M3.5 5.5h13a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1ZM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M7 11.5h6" />,
)
export const SpecIcon = drawn(<path d="M5 3.5h7l3.5 3.5v9.5H5ZM12 3.5V7h3.5M7.5 10.5h5M7.5 13.5h5" />)
export const TaskIcon = drawn(<path d="M4.5 4.5h11v11h-11ZM7.3 10.2l2 2 3.6-4.3" />)
export const NoteIcon = drawn(<path d="M4.5 5.5h11M4.5 10h11M4.5 14.5h7" />)
export const CloseIcon = drawn(<path d="m5.5 5.5 9 9m0-9-9 9" />)
