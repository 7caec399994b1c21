/**
 * An element of the page by its id.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export const element = (id, kind) => {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new TypeError(`The page has no ${kind.name} with the id '${id}'`)
}

/**
 * A new element. What is said by people comes in as text, never as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} content
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const create = (tag, className, ...content) => {
  const made = document.createElement(tag)
  made.className = className
  made.append(...content)
  return made
}

/**
 * What an HTML text says. It becomes a document of its own, which runs nothing, and only its text is taken over.
 *
 * @param {string} html
 */
export const textOfHtml = (html) => new DOMParser().parseFromString(html, 'text/html').documentElement.textContent ?? ''
