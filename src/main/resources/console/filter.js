// The filter: words that a name must have, and owner:, state:, gateway:, target:, phase:, store:.

const KEYS = ['owner', 'state', 'gateway', 'target', 'phase', 'store'];

export class Filter {
  constructor(text) {
    this.terms = text
      .toLowerCase()
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => {
        const colon = word.indexOf(':');
        const key = word.slice(0, colon);
        return KEYS.includes(key) ? { key, word: word.slice(colon + 1) } : { word };
      });
  }

  get empty() {
    return this.terms.length === 0;
  }

  /** Whether a row passes. */
  row(row) {
    return this.terms.every((term) => this.passes(row, term));
  }

  passes(row, { key, word }) {
    const { unit } = row;
    if (key === 'owner') {
      return (unit.owner ?? 'nobody') === word;
    }
    if (key === 'phase') {
      return unit.phase.startsWith(word);
    }
    if (key === 'store') {
      return unit.store === word;
    }
    if (key === 'target') {
      return (row.target ?? '').includes(word);
    }
    if (key === 'state' || key === 'gateway') {
      // Both together are of the same path.
      const wanted = (name) => this.terms.filter((term) => term.key === name).map((term) => term.word);
      return [...row.paths.values()].some(
        (path) =>
          wanted('state').every((state) => path.state.startsWith(state)) &&
          wanted('gateway').every((gateway) => path.gateway === gateway),
      );
    }
    return `${row.target ?? 'unmapped'}/${row.lun} ${row.id} ${unit.serial} ${unit.naa} ${unit.owner}`.toLowerCase().includes(word);
  }

  /** Whether something else of that name passes: only words without a key are asked of it. */
  text(name) {
    return this.terms.every((term) => term.key || name.toLowerCase().includes(term.word));
  }
}
