// Dialogs with a form: what is asked for is sent, and what is refused is shown at the field.

import { ApiError, change, get } from './api.js';
import { button, h, replace } from './dom.js';

let serial = 0;

/**
 * Asks for what a task needs, and sends it.
 *
 * @param task title, intro, warning, listing (a title and lines to be read), fields, confirm (what has to be typed), read (path of the
 *     resource that is changed, whose entity tag is sent along), submit (text of the button),
 *     danger, request (from the values to method, path and body, and the entity tag that it has found
 *     itself; may be a promise), done (called with the answer and the values; gives what to say)
 * @return a promise of what was said, or null when it was given up
 */
export function ask(task) {
  return new Promise((resolve) => new FormDialog(task, resolve).open());
}

class FormDialog {
  constructor(task, resolve) {
    this.task = task;
    this.resolve = resolve;
    this.prefix = `field-${++serial}`;
    this.fields = (task.fields ?? []).map((field, i) => makeField(field, `${this.prefix}-${i}`));
    if (task.confirm) {
      const field = {
        name: 'confirmation',
        label: `Type ${task.confirm} to confirm`,
        required: true,
        only: task.confirm,
      };
      this.fields.push(makeField(field, `${this.prefix}-confirm`));
    }
    this.whole = h('div', { class: 'whole fault', role: 'alert' });
    this.send = h('button', { type: 'submit', class: task.danger ? 'danger primary' : 'primary' }, task.submit);
    this.dialog = h(
      'dialog',
      { 'aria-labelledby': `${this.prefix}-title`, onclose: () => this.closed() },
      h(
        'form',
        { novalidate: true, autocomplete: 'off', onsubmit: (event) => this.submit(event) },
        h('h2', { id: `${this.prefix}-title` }, task.title),
        task.intro ? h('p', { class: 'intro' }, task.intro) : null,
        task.warning ? h('p', { class: 'warning' }, task.warning) : null,
        task.listing ? makeListing(task.listing, this.prefix) : null,
        h('div', { class: 'fields' }, this.fields.map((field) => field.element)),
        this.whole,
        h('div', { class: 'ends' }, button('Cancel', () => this.dialog.close()), this.send),
      ),
    );
    this.outcome = null;
  }

  async open() {
    this.before = document.activeElement;
    document.body.append(this.dialog);
    this.dialog.showModal();
    (this.fields[0]?.focusable() ?? this.send).focus();
    await this.read();
  }

  async read() {
    if (this.task.read) {
      try {
        this.etag = (await get(this.task.read)).etag;
      } catch (error) {
        this.fault(error);
      }
    }
  }

  closed() {
    this.dialog.remove();
    if (this.before?.isConnected) {
      this.before.focus();
    }
    this.resolve(this.outcome);
  }

  async submit(event) {
    event.preventDefault();
    if (this.send.disabled) {
      return;
    }
    this.clear();
    const values = {};
    let wrong = null;
    for (const field of this.fields) {
      const fault = field.fault((name) => this.fields.find((each) => each.name === name).raw());
      if (fault) {
        field.say(fault);
        wrong ??= field;
      }
      values[field.name] = field.value();
    }
    if (wrong) {
      wrong.focusable().focus();
      return;
    }
    this.send.disabled = true;
    const text = this.send.textContent;
    this.send.textContent = 'Working';
    try {
      const { method, path, body, etag } = await this.task.request(values);
      const answer = await change(method, path, body, etag ?? this.etag);
      this.outcome = this.task.done(answer, values);
      this.dialog.close();
    } catch (error) {
      this.fault(error);
    } finally {
      this.send.disabled = false;
      this.send.textContent = text;
    }
  }

  clear() {
    replace(this.whole);
    this.fields.forEach((field) => field.say(null));
  }

  /** Shows a refusal at the field that it names, else below all fields. */
  fault(error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    if (error.status === 412) {
      replace(
        this.whole,
        'Somebody else has changed it in the meantime. ',
        button('Read it again', async () => {
          this.clear();
          await this.read();
          this.send.focus();
        }),
      );
      return;
    }
    const named = error.field?.replace(/[[.].*$/, '');
    const field = this.fields.find((each) => each.name === error.field) ?? this.fields.find((each) => each.name === named);
    if (field) {
      field.say(error.message);
      field.focusable().focus();
    } else {
      replace(this.whole, error.message);
    }
  }
}

function makeListing({ title, items }, prefix) {
  return h(
    'div',
    { class: 'listing' },
    h('h3', { id: `${prefix}-listing` }, title),
    h('ul', { tabindex: 0, 'aria-labelledby': `${prefix}-listing` }, items.map((item) => h('li', null, item))),
  );
}

function makeField(field, id) {
  const hint = field.hint ? h('p', { class: 'hint', id: `${id}-hint` }, field.hint) : null;
  const fault = h('p', { class: 'fault', id: `${id}-fault`, hidden: true });
  const described = `${hint ? `${id}-hint ` : ''}${id}-fault`;
  const control = makeControl(field, id, described);
  const label = control.group ? null : h('label', { for: id }, field.label);
  return {
    name: field.name,
    element: h('div', { class: 'field' }, label, control.element, hint, fault),
    focusable: () => control.first,
    raw: () => control.value(),
    value: () => {
      const value = control.value();
      return field.parse && typeof value === 'string' && value !== '' ? field.parse(value) : value;
    },
    fault: (valueOf) => {
      const value = control.value();
      if (field.required && value === false) {
        return 'This has to be chosen';
      }
      if (field.required && (value === '' || (Array.isArray(value) && value.length === 0))) {
        return `${field.label} is needed`;
      }
      if (field.only && value !== field.only) {
        return `This is not ${field.only}`;
      }
      return value === '' || !field.check ? null : field.check(value, valueOf);
    },
    say: (text) => {
      fault.hidden = !text;
      replace(fault, text);
      control.controls.forEach((each) =>
        text ? each.setAttribute('aria-invalid', 'true') : each.removeAttribute('aria-invalid'),
      );
    },
  };
}

function makeControl(field, id, described) {
  if (field.type === 'choices') {
    const boxes = field.options.map((option, i) =>
      h('input', { type: 'checkbox', id: i === 0 ? id : null, value: option, checked: field.value?.includes(option) }),
    );
    const element = h(
      'fieldset',
      { 'aria-describedby': described },
      h('legend', null, field.label),
      boxes.map((box) => h('label', { class: 'choice' }, box, box.value)),
    );
    return {
      group: true,
      element,
      controls: boxes,
      first: boxes[0] ?? element,
      value: () => boxes.filter((box) => box.checked).map((box) => box.value),
    };
  }
  if (field.type === 'flag') {
    const box = h('input', { type: 'checkbox', id, checked: field.value, 'aria-describedby': described });
    return {
      group: true,
      element: h('label', { class: 'choice' }, box, field.label),
      controls: [box],
      first: box,
      value: () => box.checked,
    };
  }
  const shared = { id, 'aria-describedby': described, required: field.required };
  const control = field.options
    ? h(
        'select',
        shared,
        field.options.map((option) => {
          const [value, text] = Array.isArray(option) ? option : [option, option];
          return h('option', { value, selected: value === field.value }, text);
        }),
      )
    : h('input', {
        ...shared,
        type: field.type === 'secret' ? 'password' : 'text',
        autocomplete: field.type === 'secret' ? 'new-password' : 'off',
        spellcheck: 'false',
        inputmode: field.type === 'number' ? 'numeric' : null,
        placeholder: field.placeholder,
        value: field.value ?? '',
      });
  return {
    element: control,
    controls: [control],
    first: control,
    value: () => (field.type === 'secret' ? control.value : control.value.trim()),
  };
}
