/** What is seen until it is known whether the token is good; the same as in `index.html`. */
export function Boot() {
  return (
    <div class="app">
      <div class="sidebar" />
      <main class="note">
        <p class="hint opening">Opening…</p>
      </main>
    </div>
  )
}
