/** What the work comes to, or after so many milliseconds what `overdue` answers or throws. The work itself goes on. */
export const inTime = async <Result>(
  work: Promise<Result>,
  ms: number,
  overdue: () => Result | Promise<Result>,
): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  }).then(overdue);
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
};
