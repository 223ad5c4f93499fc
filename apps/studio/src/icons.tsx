/** The few drawings of the studio; all decoration, hidden from screen readers. */
import type { ComponentChildren } from 'preact';

function Icon({ size = 20, children }: { readonly size?: number; readonly children: ComponentChildren }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** The mark of Mien: a face inside the corners of a box. */
export function Mark() {
  return (
    <svg class="mark" width="30" height="30" viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" aria-hidden="true">
      <path d="M4 10V7a3 3 0 0 1 3-3h3M22 4h3a3 3 0 0 1 3 3v3M28 22v3a3 3 0 0 1-3 3h-3M10 28H7a3 3 0 0 1-3-3v-3" />
      <path d="M11.5 12v1.5M20.5 12v1.5" />
      <path class="mouth" d="M10.5 18.5c2.6 4.4 8.4 4.4 11 0" />
    </svg>
  );
}

export function FaceIcon() {
  return (
    <Icon>
      <circle cx="10" cy="10" r="7.25" />
      <path d="M7.5 8v.5M12.5 8v.5M7 12c1.5 2 4.5 2 6 0" />
    </Icon>
  );
}

export function DeviceIcon() {
  return (
    <Icon>
      <rect x="4" y="9" width="12" height="8" rx="2" />
      <path d="M6.5 9V6.500a3.5 3.5 0 0 1 7 0V9" />
    </Icon>
  );
}

export function CrossIcon() {
  return (
    <Icon>
      <path d="M5 5l10 10M15 5L5 15" />
    </Icon>
  );
}

export function SaveIcon() {
  return (
    <Icon size={16}>
      <path d="M10 3v9M6 8.500l4 4 4-4M4 16.500h12" />
    </Icon>
  );
}

export function WarningIcon() {
  return (
    <Icon>
      <path d="M10 3l7.5 13.500h-15zM10 8.500v3.500M10 14.250v.25" />
    </Icon>
  );
}
