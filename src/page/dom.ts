/** The elements under a root that the markup has given a name (`data-part`). */
export class Parts {
  readonly #byName: ReadonlyMap<string, Element>;

  constructor(root: ParentNode) {
    const named = [...root.querySelectorAll('[data-part]')];
    this.#byName = new Map(named.map((each) => [each.getAttribute('data-part') ?? '', each]));
  }

  get(name: string): Element {
    const element = this.#byName.get(name);
    if (element === undefined) throw new Error(`the page has no part ${name}`);
    return element;
  }

  // What has not changed is not touched, so that a selection and a screen reader keep their place.

  setText(name: string, text: string): void {
    const element = this.get(name);
    if (element.textContent !== text) element.textContent = text;
  }

  /** An empty value takes the attribute away. */
  setAttribute(name: string, attribute: string, value: string): void {
    const element = this.get(name);
    if (value === '') element.removeAttribute(attribute);
    else if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
  }

  setHidden(name: string, isHidden: boolean): void {
    this.get(name).toggleAttribute('hidden', isHidden);
  }
}
