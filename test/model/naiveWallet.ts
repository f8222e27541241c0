/** A wallet as coins in boxes, moved one by one: slow and plain, to compare with. Each command is given once. */
import type { Grant, LimitUnits } from '../../src/domain/wallet.js';
import type { WalletCommand as Command } from '../../src/domain/walletCommand.js';
import type { WalletFault } from '../../src/domain/walletStep.js';
type Of<Kind> = Extract<Command, { readonly kind: Kind }>;
type Source = Pick<Grant, 'priority' | 'expiresAt' | 'grantedAt'> & { readonly id: string };
const isOver = ({ expiresAt }: Source, now: number) => expiresAt !== null && expiresAt <= now;
const burnKey = ({ from: { id, priority, expiresAt, grantedAt } }: { readonly from: Source }) =>
  [priority + 9, expiresAt ?? 9e14, grantedAt].map((part) => String(part).padStart(15, '0')).join() + id;
const make = (length: number, from: Source, box = '') => Array.from({ length }, () => ({ from, box }));
const unit = (of: LimitUnits) => ({ id: `${of.key}@${of.window.startsAt}`, priority: 0, expiresAt: 0, grantedAt: 0 });
export class NaiveWallet {
  /** In the order of their moves; units of limits are coins, too. A box: '' free, 'h' held by h, '-h' charged, '-' gone. */
  coins: { readonly from: Source; box: string }[] = [];
  readonly #bought = new Map<string, { readonly from: Source; given: number }>();
  readonly #holds = new Map<
    string,
    { readonly expiresAt: number; ended?: WalletFault | 'CAPTURED' | 'RETURNED'; at?: number }
  >();
  /** By which operation each hold was captured: no two are named alike. */
  readonly #captures = new Map<string, string | undefined>();
  apply(command: Command, now: number): number | WalletFault {
    this.pass(now);
    if (command.kind === 'return') return this.#return(command);
    return 'holdId' in command && command.kind !== 'refund' ? this.#use(command, now) : this.#do(command, now);
  }
  /** To be called before the coins are looked at. */
  pass(now: number): void {
    for (const [id, { expiresAt, ended, at = expiresAt }] of this.#holds) {
      if (ended === undefined && expiresAt <= now) this.#end(id, 'HOLD_EXPIRED', expiresAt);
      if (at + 600_000 <= now) this.#holds.delete(id);
    }
    this.coins = this.coins.filter(({ box, from }) => box !== '' || !isOver(from, now));
  }
  #do(command: Of<'grant' | 'adjust' | 'refund' | 'hold' | 'settlePurchase'>, now: number): number | WalletFault {
    if (command.kind === 'settlePurchase') return this.#settle(command, now);
    if (command.kind === 'refund') return this.#refund(command);
    if (command.kind === 'hold') return this.#claim(command.id, command, command.expiresAt);
    const of = command.kind === 'grant' ? null : command.grantId;
    const known = this.coins.find(({ from, box }) => from.id === of && !box.startsWith('-'))?.from;
    if (of !== null && known === undefined) return 'UNKNOWN_GRANT';
    if (known !== undefined && isOver(known, now)) return 'GRANT_EXPIRED';
    if (command.credits < 0) return this.#take(-command.credits, '-', known) ? command.credits : 'INSUFFICIENT_CREDITS';
    this.coins.push(...make(command.credits, known ?? { priority: 0, expiresAt: null, ...command, grantedAt: now }));
    return command.credits;
  }
  #settle({ grantId: id, target, expiresAt }: Of<'settlePurchase'>, now: number): number {
    const bought = this.#bought.get(id) ?? { from: { id, priority: 0, expiresAt, grantedAt: now }, given: 0 };
    const free = this.coins.filter(({ from, box }) => from === bought.from && box === '');
    const over = Math.min(bought.given - target, free.length);
    this.coins = this.coins.filter((coin) => over <= 0 || !free.slice(0, over).includes(coin));
    const missing = isOver(bought.from, now) ? 0 : Math.max(target - bought.given, 0);
    this.coins.push(...make(missing, bought.from));
    bought.given += missing - Math.max(over, 0);
    if (bought.given > 0 || over > 0) this.#bought.set(id, bought);
    return missing - Math.max(over, 0);
  }
  /** Units that were charged are free again. */
  #return({ holdId, operation }: Of<'return'>): number | WalletFault {
    const { ended = 'UNKNOWN_HOLD', at = 0 } = this.#holds.get(holdId) ?? {};
    if (ended !== 'CAPTURED') return ended === 'RETURNED' ? 0 : ended;
    if (this.#captures.get(holdId) !== operation) return 'CONFLICT';
    this.coins = this.coins.filter(({ box }) => box !== `-units/${holdId}`);
    return this.#end(holdId, 'RETURNED', at);
  }
  #refund({ holdId, credits, history }: Of<'refund'>): number | WalletFault {
    const charged = this.coins.filter(({ box }) => box === `-${holdId}`);
    if (!history.some((entry) => entry.holdId === holdId && entry.kind === 'CHARGE')) return 'UNKNOWN_CHARGE';
    if (charged.length < credits) return 'REFUND_EXCEEDS_CHARGE';
    for (const coin of charged.slice(-credits)) coin.box = '';
    return credits;
  }
  #use(command: Of<'extend' | 'capture' | 'release'>, now: number): number | WalletFault {
    const hold = this.#holds.get(command.holdId);
    const ended = hold === undefined ? 'UNKNOWN_HOLD' : hold.ended;
    if (ended === 'RETURNED') return 'HOLD_ENDED';
    if (ended === 'CAPTURED') return command.kind === 'capture' ? 'CONFLICT' : 'HOLD_ENDED';
    if (ended !== undefined) return command.kind === 'release' && ended === 'HOLD_ENDED' ? 0 : ended;
    if (command.kind === 'extend') return this.#claim(command.holdId, command, now);
    if (command.kind === 'release') return this.#end(command.holdId, 'HOLD_ENDED', now);
    const cost = command.lines.reduce((sum, line) => sum + line.credits, 0);
    const coins = this.coins.filter(({ box }) => box === command.holdId);
    const used = command.units.map((of) => coins.filter(({ from }) => from.id === unit(of).id).slice(0, of.units));
    const paid = coins.filter(({ from }) => from.expiresAt !== 0).slice(0, cost);
    if (paid.length < cost || used.some((u, n) => u.length !== command.units[n]?.units)) return 'CAPTURE_EXCEEDS_HOLD';
    for (const coin of [...paid, ...used.flat()])
      coin.box = paid.includes(coin) ? `-${command.holdId}` : `-units/${command.holdId}`;
    this.#captures.set(command.holdId, command.operation);
    return this.#end(command.holdId, 'CAPTURED', now) + cost;
  }
  #end(id: string, ended: WalletFault | 'CAPTURED' | 'RETURNED', at: number): number {
    this.#holds.set(id, { expiresAt: at, ended, at });
    for (const coin of this.coins.filter(({ box }) => box === id)) coin.box = '';
    return 0;
  }
  #take(credits: number, box: string, of?: Source): boolean {
    const free = this.coins.filter((coin) => coin.box === '' && coin.from === (of ?? coin.from));
    const taken = free.sort((a, b) => (burnKey(a) < burnKey(b) ? -1 : 1)).slice(0, credits);
    if (taken.length < credits) return false;
    this.coins = [...this.coins.filter((coin) => !taken.includes(coin)), ...taken.map(({ from }) => ({ from, box }))];
    return true;
  }
  #claim(id: string, { credits, units }: Of<'hold' | 'extend'>, expiresAt: number): number | WalletFault {
    const usedOf = (of: LimitUnits) => this.coins.filter(({ from }) => from.id === unit(of).id).length;
    if (units.some((of) => usedOf(of) + of.units > of.limit)) return 'LIMIT_REACHED';
    if (!this.#take(credits, id)) return 'INSUFFICIENT_CREDITS';
    this.coins.push(...units.flatMap((of) => make(of.units, unit(of), id)));
    this.#holds.set(id, this.#holds.get(id) ?? { expiresAt });
    return credits;
  }
}
