import { expect, test } from 'vitest';
import { axisMarks, clockTime, filmTime } from './timeline-axis.ts';

test('a clock of minutes and seconds, with hours where there are any', () => {
  expect([0, 7.4, 59.6, 190, 3599.6, 3723].map((seconds) => clockTime(seconds))).toEqual(['0:00', '0:07', '1:00', '3:10', '1:00:00', '1:02:03']);
  expect([0, 1.55, 9.96, 59.96].map((seconds) => clockTime(seconds, true))).toEqual(['0:00.0', '0:01.6', '0:10.0', '1:00.0']);
  expect(clockTime(-0.001)).toBe('0:00');
  expect([filmTime(2, 9), filmTime(2, 90)]).toEqual(['0:02.0', '0:02']);
});

test('a camera’s axis ends now, a film’s with the film', () => {
  expect(axisMarks('now', 60)).toEqual(['60 s ago', '30 s ago', 'now']);
  expect(axisMarks('with the film', 190)).toEqual(['0:00', '1:35', '3:10']);
  expect(axisMarks('with the film', 3)).toEqual(['0:00.0', '0:01.5', '0:03.0']);
});
