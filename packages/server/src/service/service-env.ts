/** What the parts of the app tell each other about a request. */
export interface ServiceEnv {
  Variables: {
    id: string;
    /** Whose bucket the request takes from. */
    client: string;
    /** Images and faces recognised; set where there are some. */
    images: number;
    faces: number;
    /** Code of the refusal. */
    refusal: string;
  };
}
