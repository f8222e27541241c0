/** `X-Forwarded-For`, as proxies really send it. */

const WITH_PORT = /^(?:\[([\da-f:.]+)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5})$/i;

/** The header with the addresses alone: some proxies add the port, which is no part of who is calling. */
export const withoutPorts = (forwardedFor: string): string =>
  forwardedFor
    .split(',')
    .map((each) => {
      const [, v6, v4] = WITH_PORT.exec(each.trim()) ?? [];
      return v6 ?? v4 ?? each.trim();
    })
    .join(', ');
