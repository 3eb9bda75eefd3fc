(** * The eigenvalues of x = [[a, b], [b, c]] over the reals

    Where the discriminant (a − c)² + 4b² is not zero, both are differentiable in a, b and c, which
    is proved and not assumed; and the derivatives are what each convention's gradient gives when
    it is contracted with ∂x/∂a, ∂x/∂b, ∂x/∂c. *)

From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.

Local Open Scope R_scope.

(** A 2×2 matrix by its entries, and the Frobenius inner product. *)
Record matrix := Matrix { m11 : R; m12 : R; m21 : R; m22 : R }.

Definition frob2 (G E : matrix) : R :=
  m11 G * m11 E + m12 G * m12 E + m21 G * m21 E + m22 G * m22 E.

(** ∂x/∂a, ∂x/∂b and ∂x/∂c. *)
Definition dx_da := Matrix 1 0 0 0.
Definition dx_db := Matrix 0 1 1 0.
Definition dx_dc := Matrix 0 0 0 1.

(** The conventions' representatives of a symmetric S, and the spurious one. *)
Definition symmetric2 (S : matrix) := S.
Definition lower2 S := Matrix (m11 S) 0 (2 * m21 S) (m22 S).
Definition upper2 S := Matrix (m11 S) (2 * m12 S) 0 (m22 S).
Definition spurious2 S := Matrix (m11 S) (2 * m12 S) (2 * m21 S) (m22 S).

Definition discriminant a b c := (a - c) ^ 2 + 4 * b ^ 2.

(** The eigenvalues (a + c ± √((a − c)² + 4b²))/2, and the characteristic polynomial. *)
Definition root (s a b c : R) := (a + c + s * sqrt (discriminant a b c)) / 2.
Definition largest := root 1.
Definition smallest := root (-1).
Definition char_poly2 a b c x := (x - a) * (x - c) - b * b.

(** adj(λI − x) / tr adj(λI − x). *)
Definition gradient a b c lam :=
  let t := 2 * lam - a - c in
  Matrix ((lam - c) / t) (b / t) (b / t) ((lam - a) / t).

(** v vᵀ / vᵀv. *)
Definition projector v1 v2 :=
  let t := v1 * v1 + v2 * v2 in Matrix (v1 * v1 / t) (v1 * v2 / t) (v2 * v1 / t) (v2 * v2 / t).

Definition is_sign s := s = 1 \/ s = -1.

Section Roots.

Variables a b c : R.

Lemma discriminant_ge0 : 0 <= discriminant a b c.
Proof. pose proof (pow2_ge_0 (a - c)); pose proof (pow2_ge_0 b); unfold discriminant; lra. Qed.

Lemma sqrt_sq : sqrt (discriminant a b c) * sqrt (discriminant a b c) = discriminant a b c.
Proof. apply sqrt_sqrt, discriminant_ge0. Qed.

(** The two eigenvalues are the roots of the characteristic polynomial, and all of them. *)
Theorem char_poly_roots x :
  char_poly2 a b c x = (x - largest a b c) * (x - smallest a b c).
Proof.
pose proof sqrt_sq as H; unfold char_poly2, largest, smallest, root.
set (r := sqrt _) in *; unfold discriminant in H.
transitivity ((x - (a + c) / 2) * (x - (a + c) / 2) - r * r / 4); [rewrite H |]; field.
Qed.

Theorem eigenvalues_are_roots x :
  char_poly2 a b c x = 0 <-> x = largest a b c \/ x = smallest a b c.
Proof.
rewrite char_poly_roots; split; [intros H | intros [-> | ->]; ring].
destruct (Rmult_integral _ _ H); [left | right]; lra.
Qed.

(** λ₊ ≥ λ₋, and λ₊ > λ₋ where the discriminant is not zero. *)
Theorem largest_ge_smallest : smallest a b c <= largest a b c.
Proof. pose proof (sqrt_pos (discriminant a b c)); unfold largest, smallest, root; lra. Qed.

Theorem largest_gt_smallest :
  discriminant a b c <> 0 -> smallest a b c < largest a b c.
Proof.
intros ne; pose proof discriminant_ge0.
assert (0 < sqrt (discriminant a b c)) by (apply sqrt_lt_R0; lra).
unfold largest, smallest, root; lra.
Qed.

(** A root x has an eigenvector: x v = λ v for some v ≠ 0; and only a root has. *)
Theorem eigenvector_exists x :
  char_poly2 a b c x = 0 <->
  exists v1 v2, (v1 <> 0 \/ v2 <> 0) /\ a * v1 + b * v2 = x * v1 /\ b * v1 + c * v2 = x * v2.
Proof.
unfold char_poly2; split.
- intros H; destruct (Req_dec b 0) as [b0 | nb].
  + subst b; destruct (Req_dec x a) as [-> | na].
    * exists 1, 0; repeat split; try ring; left; lra.
    * exists 0, 1; assert (x - c = 0) by (apply (Rmult_eq_reg_l (x - a)); lra).
      repeat split; try lra; right; lra.
  + exists b, (x - a); repeat split; [now left | ring | nra].
- intros (v1 & v2 & [n1 | n2] & H1 & H2).
  + apply (Rmult_eq_reg_r v1); [| assumption].
    replace (b * b) with (b * b) by ring.
    assert (E : (x - c) * ((x - a) * v1) = (x - c) * (b * v2)) by (f_equal; lra).
    assert (E' : b * ((x - c) * v2) = b * (b * v1)) by (f_equal; lra).
    lra.
  + apply (Rmult_eq_reg_r v2); [| assumption].
    assert (E : (x - a) * ((x - c) * v2) = (x - a) * (b * v1)) by (f_equal; lra).
    assert (E' : b * ((x - a) * v1) = b * (b * v2)) by (f_equal; lra).
    lra.
Qed.

(** The two forms of the gradient are one: adj(λI − x)/tr adj(λI − x) = v vᵀ/vᵀv. *)
Theorem gradient_projector lam v1 v2 :
  2 * lam - a - c <> 0 -> v1 <> 0 \/ v2 <> 0 ->
  a * v1 + b * v2 = lam * v1 -> b * v1 + c * v2 = lam * v2 ->
  gradient a b c lam = projector v1 v2.
Proof.
intros nt nv H1 H2; unfold gradient, projector.
assert (nn : v1 * v1 + v2 * v2 <> 0) by (destruct nv; nra).
assert (P : (lam - a) * v1 = b * v2) by lra.
assert (Q : (lam - c) * v2 = b * v1) by lra.
assert (W : (lam - a) * (v1 * v1) = (lam - c) * (v2 * v2)).
{ transitivity (v1 * ((lam - a) * v1)); [ring |]; rewrite P.
  transitivity (v2 * ((lam - c) * v2)); [rewrite Q |]; ring. }
assert (B1 : b * (v1 * v1) = (lam - c) * (v1 * v2)).
{ transitivity (v1 * (b * v1)); [ring |]; rewrite <- Q; ring. }
assert (B2 : b * (v2 * v2) = (lam - a) * (v1 * v2)).
{ transitivity (v2 * (b * v2)); [ring |]; rewrite <- P; ring. }
f_equal; apply (Rmult_eq_reg_r ((2 * lam - a - c) * (v1 * v1 + v2 * v2)));
  try (apply Rmult_integral_contrapositive; split; assumption); field_simplify; try (split; assumption); try assumption; nra.
Qed.

End Roots.

(** G is right for f: contracted with ∂x/∂a, ∂x/∂b and ∂x/∂c it gives the derivatives of f, which
    exist. *)
Definition right (G : matrix) (f : R -> R -> R -> R) a b c :=
  is_derive (fun t => f t b c) a (frob2 G dx_da) /\
  is_derive (fun t => f a t c) b (frob2 G dx_db) /\
  is_derive (fun t => f a b t) c (frob2 G dx_dc).

(** Validity: the same diagonal, and the same sum of the two entries off it. *)
Definition valid2 (S G : matrix) :=
  m11 G = m11 S /\ m12 G + m21 G = m12 S + m21 S /\ m22 G = m22 S.

(** If one gradient is right, the right ones are the valid ones. *)
Theorem right_valid S G f a b c : right S f a b c -> right G f a b c <-> valid2 S G.
Proof.
intros (A & B & C); unfold right, valid2, frob2, dx_da, dx_db, dx_dc in *; simpl in *; split.
- intros (A' & B' & C').
  pose proof (is_derive_unique _ _ _ A); pose proof (is_derive_unique _ _ _ A').
  pose proof (is_derive_unique _ _ _ B); pose proof (is_derive_unique _ _ _ B').
  pose proof (is_derive_unique _ _ _ C); pose proof (is_derive_unique _ _ _ C').
  repeat split; lra.
- intros (E11 & Eoff & E22).
  split; [| split]; [replace (_ + _) with (m11 S * 1 + m12 S * 0 + m21 S * 0 + m22 S * 0) by lra
    | replace (_ + _) with (m11 S * 0 + m12 S * 1 + m21 S * 1 + m22 S * 0) by lra
    | replace (_ + _) with (m11 S * 0 + m12 S * 0 + m21 S * 0 + m22 S * 1) by lra]; assumption.
Qed.

Section Derivatives.

Variables s a b c : R.
Hypothesis sign : is_sign s.
Hypothesis ne : discriminant a b c <> 0.

Let r := sqrt (discriminant a b c).

Lemma discriminant_gt0 : 0 < discriminant a b c.
Proof. pose proof (discriminant_ge0 a b c); lra. Qed.

Lemma r_gt0 : 0 < r.
Proof. apply sqrt_lt_R0, discriminant_gt0. Qed.

Lemma s_squared : s * s = 1.
Proof. destruct sign; subst s; ring. Qed.

Ltac differentiate :=
  pose proof discriminant_gt0; pose proof r_gt0; unfold root, discriminant;
  auto_derive; [unfold discriminant in *; lra |];
  replace (_ + 4 * (b * (b * 1))) with (discriminant a b c) by (unfold discriminant; ring);
  fold r; field; lra.

(** The derivatives of the eigenvalue in a, b and c exist, in closed form. *)
Lemma derive_a : is_derive (fun t => root s t b c) a ((1 + s * (a - c) / r) / 2).
Proof. differentiate. Qed.

Lemma derive_b : is_derive (fun t => root s a t c) b (2 * s * b / r).
Proof. differentiate. Qed.

Lemma derive_c : is_derive (fun t => root s a b t) c ((1 - s * (a - c) / r) / 2).
Proof. differentiate. Qed.

Let S := gradient a b c (root s a b c).

Lemma gradient_entries :
  S = Matrix ((1 + s * (a - c) / r) / 2) (s * b / r) (s * b / r) ((1 - s * (a - c) / r) / 2).
Proof.
pose proof r_gt0; pose proof s_squared.
assert (s <> 0) by (intros s0; rewrite s0 in *; lra).
assert (inv : / s = s) by (apply (Rmult_eq_reg_l s); [rewrite Rinv_r |]; lra).
unfold S, gradient, root; fold r.
assert (t : 2 * ((a + c + s * r) / 2) - a - c = s * r) by field.
rewrite t; unfold Rdiv; rewrite Rinv_mult; rewrite inv.
f_equal; [replace ((1 + s * (a - c) * / r) * / 2) with ((s * s + s * (a - c) * / r) * / 2) by (rewrite s_squared; ring) | ring | ring
  | replace ((1 - s * (a - c) * / r) * / 2) with ((s * s - s * (a - c) * / r) * / 2) by (rewrite s_squared; ring)]; field; lra.
Qed.

(** The symmetric gradient adj(λI − x)/tr adj(λI − x) gives the derivatives of the eigenvalue. *)
Theorem symmetric_right : right (symmetric2 S) (root s) a b c.
Proof.
pose proof r_gt0; unfold symmetric2; rewrite gradient_entries; unfold right, frob2; simpl.
split; [| split];
  [replace (_ + _) with ((1 + s * (a - c) / r) / 2) by (field; lra)
  | replace (_ + _) with (2 * s * b / r) by (field; lra)
  | replace (_ + _) with ((1 - s * (a - c) / r) / 2) by (field; lra)].
- exact derive_a.
- exact derive_b.
- exact derive_c.
Qed.

(** The right gradients are the valid ones. *)
Theorem eigenvalue_right G : right G (root s) a b c <-> valid2 S G.
Proof. apply right_valid, symmetric_right. Qed.

(** The lower triangle with its doubled entry gives the same derivatives. *)
Theorem lower_right : right (lower2 S) (root s) a b c.
Proof. apply eigenvalue_right; unfold valid2; rewrite gradient_entries; simpl; lra. Qed.

(** So does the upper one. *)
Theorem upper_right : right (upper2 S) (root s) a b c.
Proof. apply eigenvalue_right; unfold valid2; rewrite gradient_entries; simpl; lra. Qed.

(** The spurious 2S − diag(S) gives them only if b = 0: if x is diagonal already. *)
Theorem spurious_right : right (spurious2 S) (root s) a b c <-> b = 0.
Proof.
rewrite eigenvalue_right; unfold valid2; rewrite gradient_entries; simpl.
pose proof r_gt0; pose proof s_squared; split.
- intros (_ & H1 & _); assert (z : s * b / r = 0) by lra.
  replace b with (s * (s * b / r) * r); [rewrite z; ring |].
  transitivity (s * s * b); [field; lra | rewrite s_squared; ring].
- intros ->; replace (s * 0 / r) with 0 by (field; lra); lra.
Qed.

(** So does v vᵀ/vᵀv, for any eigenvector v ≠ 0. *)
Theorem projector_right v1 v2 :
  v1 <> 0 \/ v2 <> 0 ->
  a * v1 + b * v2 = root s a b c * v1 -> b * v1 + c * v2 = root s a b c * v2 ->
  right (projector v1 v2) (root s) a b c.
Proof.
intros nv H1 H2; rewrite <- (gradient_projector a b c (root s a b c)); trivial.
- exact symmetric_right.
- pose proof r_gt0; pose proof s_squared; unfold root; fold r.
  replace (2 * ((a + c + s * r) / 2) - a - c) with (s * r) by field.
  intros z; assert (s * s * r = 0) by (rewrite Rmult_assoc, z; ring); nra.
Qed.

End Derivatives.

(** In particular for both eigenvalues, by each of the three conventions. *)
Theorem largest_right a b c :
  discriminant a b c <> 0 ->
  let S := gradient a b c (largest a b c) in
  right (symmetric2 S) largest a b c /\ right (lower2 S) largest a b c /\
  right (upper2 S) largest a b c.
Proof.
intros ne; assert (sign : is_sign 1) by now left.
split; [| split]; [apply symmetric_right | apply lower_right | apply upper_right]; assumption.
Qed.

Theorem smallest_right a b c :
  discriminant a b c <> 0 ->
  let S := gradient a b c (smallest a b c) in
  right (symmetric2 S) smallest a b c /\ right (lower2 S) smallest a b c /\
  right (upper2 S) smallest a b c.
Proof.
intros ne; assert (sign : is_sign (-1)) by now right.
split; [| split]; [apply symmetric_right | apply lower_right | apply upper_right]; assumption.
Qed.
