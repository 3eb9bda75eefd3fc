(** * A simple eigenvalue of a symmetric matrix has one branch, and it is differentiable

    X is symmetric, λ a simple eigenvalue, X v = λ v and vᵀv = 1.  Over every real field, a continuous
    choice of an eigenvalue through λ is differentiable at X with the gradient v vᵀ, and has an
    expansion to the second order; over every real closed field there is one, and no other near λ. *)

From mathcomp Require Import all_ssreflect fingroup perm all_algebra ring.
From Symgrad Require Import contraction derivation eigenvalue norm limits perturbation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Derivatives.

Variables (R : realFieldType) (n : nat).
Implicit Types (f : 'M[R]_n -> R) (X G H : 'M[R]_n) (g : R -> R) (e l t : R).

(** f is continuous at X on the symmetric matrices. *)
Definition continuous_sym f X :=
  forall e, 0 < e -> exists2 r, 0 < r &
    forall H, H^T = H -> norm H < r -> `|f (X + H) - f X| < e.

(** f is differentiable at X on the symmetric matrices, with the gradient G (Fréchet). *)
Definition gradient_sym f X G :=
  forall e, 0 < e -> exists2 r, 0 < r &
    forall H, H^T = H -> norm H < r -> `|f (X + H) - f X - ⟨G, H⟩| <= e * norm H.

(** f is f(X) + ⟨G, H⟩ + q(H)/2 at X + H, up to ε‖H‖²: q is the second differential (Peano). *)
Definition second_sym f X G (q : 'M[R]_n -> R) :=
  forall e, 0 < e -> exists2 r, 0 < r &
    forall H, H^T = H -> norm H < r ->
      `|f (X + H) - f X - ⟨G, H⟩ - q H / 2%:R| <= e * norm H ^+ 2.

(** A number on a curve: continuous, and differentiable, at t = 0. *)
Definition continuous_at0 g :=
  forall e, 0 < e -> exists2 r, 0 < r & forall t, `|t| < r -> `|g t - g 0| < e.

Definition derivative_at0 g l :=
  forall e, 0 < e -> exists2 r, 0 < r & forall t, `|t| < r -> `|g t - g 0 - t * l| <= e * `|t|.

(** Any other gradient gives the same if, and only if, it is valid. *)
Theorem gradient_sym_valid f X S G :
  gradient_sym f X S -> valid S G <-> gradient_sym f X G.
Proof.
move=> dS; split=> [vG e /dS[r r_gt0 bound] | dG E symE].
  by exists r => // H symH small; rewrite vG // bound.
apply/eqP; rewrite -subr_eq0 -frobBl; apply: contraT => neq0.
pose q := ⟨G - S, E⟩; have q_gt0 : 0 < `|q| by rewrite normr_gt0.
have E_gt0 : 0 < norm E.
  rewrite lt_neqAle norm_ge0 andbT eq_sym; apply: contraNneq neq0 => E0.
  by rewrite -normr_le0 (le_trans (norm_frob _ _)) // E0 mulr0.
pose e := `|q| / (norm E * 3%:R); have e_gt0 : 0 < e by rewrite divr_gt0 // mulr_gt0 ?ltr0n.
have [r r_gt0 boundS] := dS _ e_gt0; have [s s_gt0 boundG] := dG _ e_gt0.
pose t := Num.min r s / (norm E * 2%:R).
have m_gt0 : 0 < Num.min r s by rewrite lt_minr r_gt0.
have t_gt0 : 0 < t by rewrite divr_gt0 ?mulr_gt0 ?ltr0n.
have symH : (t *: E)^T = t *: E by rewrite linearZ /= symE.
have normH : norm (t *: E) = t * norm E by rewrite normZ gtr0_norm.
have : norm (t *: E) < Num.min r s.
  rewrite normH /t invfM mulrA mulrAC divfK ?gt_eqF // ltr_pdivr_mulr ?ltr0n //.
  by rewrite ltr_pmulr // ltr1n.
rewrite lt_minr => /andP[/(boundS _ symH) leS /(boundG _ symH) leG].
have : `|t * q| <= e * norm (t *: E) + e * norm (t *: E).
  have -> : t * q = (f (X + t *: E) - f X - ⟨S, t *: E⟩) - (f (X + t *: E) - f X - ⟨G, t *: E⟩).
    by rewrite /q frobBl !frobZr; ring.
  by rewrite (le_trans (ler_norm_sub _ _)) // ler_add.
have -> : e * norm (t *: E) + e * norm (t *: E) = t * `|q| * (2%:R / 3%:R).
  by rewrite normH /e; field; rewrite gt_eqF.
rewrite normrM gtr0_norm // -subr_ge0 -{2}[t * `|q|]mulr1 -mulrBr pmulr_rge0 ?(mulr_gt0 t_gt0) //.
by rewrite subr_ge0 ler_pdivl_mulr ?ltr0n // mul1r ler_nat.
Qed.

End Derivatives.

(** A quantity c h with h small is less than e. *)
Lemma small_enough (R : realFieldType) (c e : R) :
  0 <= c -> 0 < e -> exists2 r, 0 < r & forall h, 0 <= h -> h < r -> c * h <= e.
Proof.
move=> c_ge0 e_gt0; have c1_gt0 : 0 < c + 1 by rewrite ltr_paddl ?ltr01.
exists (e / (c + 1)) => [|h h_ge0]; first by rewrite divr_gt0.
rewrite ltr_pdivl_mulr // mulrC => /ltW; apply: le_trans.
by rewrite ler_wpmul2r // ler_addl ler01.
Qed.

Section Branch.

Variables (R : realFieldType) (n : nat) (X : 'M[R]_n) (v : 'cV[R]_n) (lam : R).
Hypotheses (symX : X^T = X) (eigenpair : X *m v = lam *: v) (unit_v : ⟨v, v⟩ = 1).
Hypothesis simple : (char_poly X)^`().[lam] != 0.
Implicit Types (f : 'M[R]_n -> R) (H : 'M[R]_n) (e x t : R).

Notation S := (resolvent X v lam).
Notation radius := (radius X v lam).
Notation reach := (reach X v lam).

Let reach_ge0 : 0 <= reach.
Proof. by rewrite mulr_ge0 ?norm_ge0 // addr_ge0 ?ler01 // mulr_ge0 ?ler0n ?sqr_ge0. Qed.

(** Near λ, an eigenvalue x of X + H is λ + ⟨v vᵀ, H⟩ up to a constant times ‖H‖². *)
Theorem eigenvalue_near H x :
  norm H < radius -> `|x - lam| < radius -> root (char_poly (X + H)) x ->
  `|x - lam - ⟨v *m v^T, H⟩| <= 2%:R * norm v ^+ 2 * reach * norm H ^+ 2.
Proof.
move=> le_H le_x rootx; have near := nearby_radius le_H le_x.
have [y eig vy] := eigenvector_exists_near symX eigenpair unit_v simple near rootx.
exact: eigenvalue_first_order near eig vy.
Qed.

(** And λ + vᵀHv + vᵀH R H v up to a constant times ‖H‖³. *)
Theorem eigenvalue_near_second H x :
  norm H < radius -> `|x - lam| < radius -> root (char_poly (X + H)) x ->
  `|x - lam - ⟨v *m v^T, H⟩ - ⟨v, H *m S *m H *m v⟩|
    <= 2%:R * norm v ^+ 2 * reach ^+ 2 * norm H ^+ 3.
Proof.
move=> le_H le_x rootx; have near := nearby_radius le_H le_x.
have [y eig vy] := eigenvector_exists_near symX eigenpair unit_v simple near rootx.
by rewrite -frob_mulmx; apply: eigenvalue_second_order near eig vy.
Qed.

Section Continuous.

Variable f : 'M[R]_n -> R.
Hypotheses (f_X : f X = lam) (cont : continuous_sym f X).
Hypothesis roots : exists2 r, 0 < r &
  forall H, H^T = H -> norm H < r -> root (char_poly (X + H)) (f (X + H)).

(** An eigenvalue that is continuous at X has the gradient v vᵀ there: λ_i on Sym(n), for one. *)
Theorem eigenvalue_gradient : gradient_sym f X (v *m v^T).
Proof.
move=> e e_gt0; have radius_gt0 := radius_gt0 X v lam.
pose c := 2%:R * norm v ^+ 2 * reach.
have c_ge0 : 0 <= c by rewrite mulr_ge0 ?sqr_ge0 // mulr_ge0 ?ler0n ?sqr_ge0.
have [r r_gt0 close] := cont radius_gt0; have [s s_gt0 le_e] := small_enough c_ge0 e_gt0.
have [q q_gt0 rootsP] := roots.
exists (Num.min q (Num.min r (Num.min s radius))) => [|H symH].
  by rewrite !lt_minr q_gt0 r_gt0 s_gt0.
rewrite !lt_minr => /and4P[/(rootsP _ symH) rootH /(close _ symH)].
rewrite f_X => le_f /(le_e _ (norm_ge0 H)) le_H H_radius.
apply: le_trans (eigenvalue_near H_radius le_f rootH) _.
by rewrite [norm H ^+ 2]expr2 mulrA ler_wpmul2r ?norm_ge0.
Qed.

(** And the second differential 2 vᵀH R H v. *)
Theorem eigenvalue_second :
  second_sym f X (v *m v^T) (fun H => 2%:R * ⟨v, H *m S *m H *m v⟩).
Proof.
move=> e e_gt0; have radius_gt0 := radius_gt0 X v lam.
pose c := 2%:R * norm v ^+ 2 * reach ^+ 2.
have c_ge0 : 0 <= c by rewrite mulr_ge0 ?sqr_ge0 // mulr_ge0 ?ler0n ?sqr_ge0.
have [r r_gt0 close] := cont radius_gt0; have [s s_gt0 le_e] := small_enough c_ge0 e_gt0.
have [q q_gt0 rootsP] := roots.
exists (Num.min q (Num.min r (Num.min s radius))) => [|H symH].
  by rewrite !lt_minr q_gt0 r_gt0 s_gt0.
rewrite !lt_minr => /and4P[/(rootsP _ symH) rootH /(close _ symH)].
rewrite f_X => le_f /(le_e _ (norm_ge0 H)) le_H H_radius.
rewrite [2%:R * _]mulrC mulfK ?pnatr_eq0 //.
apply: le_trans (eigenvalue_near_second H_radius le_f rootH) _.
by rewrite [norm H ^+ 3]exprS mulrA ler_wpmul2r ?exprn_ge0 ?norm_ge0.
Qed.

(** So the valid gradients are those that give the derivatives of f. *)
Theorem eigenvalue_gradient_valid G : valid (v *m v^T) G <-> gradient_sym f X G.
Proof. exact: gradient_sym_valid eigenvalue_gradient. Qed.

End Continuous.

End Branch.

Section Curve.

Variables (R : realFieldType) (n : nat) (X : R -> 'M[R]_n) (X' : 'M[R]_n) (v : 'cV[R]_n) (lam0 : R).
Hypotheses (dX : forall i j, derivative_at0 (fun t => X t i j) (X' i j)).
Hypotheses (symX : (X 0)^T = X 0) (eigenpair : X 0 *m v = lam0 *: v) (unit_v : ⟨v, v⟩ = 1).
Hypothesis simple : (char_poly (X 0))^`().[lam0] != 0.

(** ‖X(t) − X(0) − t X′‖ ≤ ε|t| for small t. *)
Let curve e : 0 < e ->
  small Num.norm (fun t => norm (X t - X 0 - t *: X') <= e * `|t|).
Proof.
move=> e_gt0; pose k : R := (n * n).+1%:R; have k_gt0 : 0 < k by rewrite ltr0n.
have ek_gt0 : 0 < e / k by rewrite divr_gt0.
have each (p : 'I_n * 'I_n) :
    small Num.norm (fun t => `|(X t - X 0 - t *: X') p.1 p.2| <= e / k * `|t|).
  by have [r r_gt0 bound] := dX p.1 p.2 ek_gt0; exists r => // t /bound; rewrite !mxE.
apply: small_imply (small_all each) => t all_p.
have /norm_le/le_trans-> // : forall i j, `|(X t - X 0 - t *: X') i j| <= e / k * `|t|.
  by move=> i j; apply: (all_p (i, j)).
rewrite -mulr_natr mulrAC ler_wpmul2r // -mulrA ler_pimulr ?(ltW e_gt0) //.
by rewrite ler_pdivr_mull // mulr1 ler_nat.
Qed.

(** A continuous branch of a simple eigenvalue is differentiable, with the derivative ⟨v vᵀ, X′⟩. *)
Theorem branch_derivative (lam : R -> R) :
  lam 0 = lam0 -> continuous_at0 lam -> (forall t, root (char_poly (X t)) (lam t)) ->
  derivative_at0 lam ⟨v *m v^T, X'⟩.
Proof.
move=> lam_0 cont roots e e_gt0; have radius_gt0 := radius_gt0 (X 0) v lam0.
pose c := 2%:R * norm v ^+ 2 * reach (X 0) v lam0; pose l := norm X' + 1.
have l_gt0 : 0 < l by rewrite ltr_paddl ?norm_ge0 ?ltr01.
have c_ge0 : 0 <= c.
  rewrite mulr_ge0 ?(mulr_ge0 (ler0n _ _)) ?sqr_ge0 // mulr_ge0 ?norm_ge0 // addr_ge0 ?ler01 //.
  by rewrite mulr_ge0 ?ler0n ?sqr_ge0.
have e2_gt0 : 0 < e / 2%:R by rewrite divr_gt0 ?ltr0n.
pose p := norm (v *m v^T) + 1; have p_gt0 : 0 < p by rewrite ltr_paddl ?norm_ge0 ?ltr01.
have [r r_gt0 close] := cont _ radius_gt0; rewrite lam_0 in close *.
have [s s_gt0 near_0] := curve (divr_gt0 e2_gt0 p_gt0).
have [s1 s1_gt0 near_1] := curve ltr01.
have [q q_gt0 le_e] := small_enough (mulr_ge0 c_ge0 (sqr_ge0 l)) e2_gt0.
exists (Num.min r (Num.min s (Num.min s1 (Num.min q (radius (X 0) v lam0 / l))))) => [|t].
  by rewrite !lt_minr r_gt0 s_gt0 s1_gt0 q_gt0 divr_gt0.
rewrite !lt_minr ltr_pdivl_mulr //.
case/and5P=> /close le_x /near_0 le_0 /near_1 le_1 /(le_e _ (normr_ge0 t)) le_q tl.
pose H := X t - X 0; have HE : X t = X 0 + H by rewrite addrC subrK.
have le_H : norm H <= `|t| * l.
  rewrite -(subrK (t *: X') H) (le_trans (normD _ _)) // normZ /l mulrDr mulr1 addrC ler_add //.
  by rewrite -[leRHS]mul1r.
have rootH : root (char_poly (X 0 + H)) (lam t) by rewrite -HE.
have first := eigenvalue_near symX eigenpair unit_v simple (le_lt_trans le_H tl) le_x rootH.
have -> : lam t - lam0 - t * ⟨v *m v^T, X'⟩
    = (lam t - lam0 - ⟨v *m v^T, H⟩) + ⟨v *m v^T, H - t *: X'⟩.
  by rewrite [⟨_, H - _⟩]frobBr frobZr addrA subrK.
rewrite (le_trans (ler_norm_add _ _)) // [e]splitr mulrDl ler_add //.
  apply: (le_trans first); rewrite -/c; apply: (@le_trans _ _ (c * (`|t| * l) ^+ 2)).
    by rewrite ler_wpmul2l // !expr2 ler_pmul ?norm_ge0.
  have -> : c * (`|t| * l) ^+ 2 = c * l ^+ 2 * `|t| * `|t| by ring.
  by rewrite ler_wpmul2r.
apply: (le_trans (norm_frob _ _)); apply: (@le_trans _ _ (p * (e / 2%:R / p * `|t|))).
  by rewrite ler_pmul ?norm_ge0 // ler_addl ler01.
by rewrite mulrA [p * _]mulrC divfK // gt_eqF.
Qed.

(** That derivative is vᵀ X′ v. *)
Theorem branch_quadratic (lam : R -> R) :
  lam 0 = lam0 -> continuous_at0 lam -> (forall t, root (char_poly (X t)) (lam t)) ->
  derivative_at0 lam ⟨v, X' *m v⟩.
Proof. by rewrite frob_mulmx; apply: branch_derivative. Qed.

(** So every valid gradient gives the derivative along a curve of symmetric matrices. *)
Theorem branch_valid (lam : R -> R) G :
  lam 0 = lam0 -> continuous_at0 lam -> (forall t, root (char_poly (X t)) (lam t)) ->
  X'^T = X' -> valid (v *m v^T) G -> derivative_at0 lam ⟨G, X'⟩.
Proof. by move=> lam_0 cont roots symX' ->; first exact: branch_derivative. Qed.

End Curve.

Section Existence.

Variables (R : rcfType) (n : nat) (X : 'M[R]_n) (v : 'cV[R]_n) (lam : R).
Hypotheses (symX : X^T = X) (eigenpair : X *m v = lam *: v) (unit_v : ⟨v, v⟩ = 1).
Hypothesis simple : (char_poly X)^`().[lam] != 0.
Implicit Types (H : 'M[R]_n) (x y : R).

Notation p H := (char_poly (X + H)).
Notation radius := (radius X v lam).

Let root_lam : root (char_poly X) lam.
Proof.
have v_neq0 : v != 0.
  by apply/eqP=> v0; move: unit_v; rewrite v0 frob_trace mulmx0 mxtrace0 => /esym/eqP; rewrite oner_eq0.
rewrite /root horner_char_poly; apply/det0P; exists v^T; first by rewrite trmx_eq0.
by rewrite mulmxBr mul_mx_scalar -{1}symX -trmx_mul eigenpair linearZ /= subrr.
Qed.

(** The characteristic polynomial at y is continuous in the matrix. *)
Let tends_p y : tends (@norm R n n) (fun H => (p H).[y]) (char_poly X).[y].
Proof.
apply: (@tends_eq _ _ _ (fun H => \det (y%:M - (X + H))) _ (\det (y%:M - X))).
- by move=> H; rewrite horner_char_poly.
- by rewrite horner_char_poly.
apply: tends_det => i j e e_gt0; exists e => // H small.
have -> : (y%:M - (X + H)) i j - (y%:M - X) i j = - H i j.
  by rewrite !mxE; move: (y *+ _) (X i j) (H i j) => *; ring.
by rewrite normrN (le_lt_trans _ small) // norm_entry.
Qed.

(** The characteristic polynomial changes its sign at λ: c is its derivative. *)
Let c := (char_poly X)^`().[lam].

Let sign_change : exists2 s, 0 < s < radius &
  0 < c * (char_poly X).[lam + s] /\ c * (char_poly X).[lam - s] < 0.
Proof.
have [q pq] : exists q, char_poly X = q * ('X - lam%:P).
  by exists (char_poly X %/ ('X - lam%:P)); rewrite divpK // dvdp_XsubCl.
have q_lam : q.[lam] = c by rewrite /c pq derivM derivXsubC !hornerE subrr mulr0 add0r.
have tends_lam : tends Num.norm (fun t => lam + t) lam.
  by move=> e e_gt0; exists e => // t; rewrite addrAC subrr add0r.
have := tends_sign _ (tends_horner q tends_lam); rewrite q_lam => /(_ simple)[r r_gt0 sign].
pose s := Num.min r radius / 2%:R; have m_gt0 : 0 < Num.min r radius by rewrite lt_minr r_gt0 radius_gt0.
have s_gt0 : 0 < s by rewrite divr_gt0 ?ltr0n.
have : s < Num.min r radius by rewrite /s ltr_pdivr_mulr ?ltr0n // ltr_pmulr // ltr1n.
rewrite lt_minr => /andP[s_r s_radius]; exists s; first by rewrite s_gt0.
have at_s t : (char_poly X).[lam + t] = q.[lam + t] * t.
  by rewrite pq !hornerE addrAC subrr add0r.
by split; rewrite at_s 2?mulrN ?oppr_lt0 mulrA (pmulr_lgt0 _ s_gt0) sign // ?normrN gtr0_norm.
Qed.

(** A symmetric matrix near X has an eigenvalue near λ. *)
Theorem eigenvalue_exists : exists2 r, 0 < r & forall H,
  norm H < r -> exists2 x, `|x - lam| < radius & root (char_poly (X + H)) x.
Proof.
have [s /andP[s_gt0 s_radius] [up down]] := sign_change.
have neq_up : (char_poly X).[lam + s] != 0 by apply: contraTneq up => ->; rewrite mulr0 ltxx.
have neq_dn : (char_poly X).[lam - s] != 0 by apply: contraTneq down => ->; rewrite mulr0 ltxx.
have [r r_gt0 sgn] := small_and (tends_sign neq_up (tends_p _)) (tends_sign neq_dn (tends_p _)).
exists r => // H /sgn[sgn_up sgn_dn].
have up_H : 0 <= (c *: p H).[lam + s].
  by rewrite hornerZ ltW // -(pmulr_rgt0 _ up) mulrACA pmulr_rgt0 // -expr2 exprn_even_gt0.
have dn_H : (c *: p H).[lam - s] <= 0.
  by rewrite hornerZ ltW // -(nmulr_rgt0 _ down) mulrACA pmulr_rgt0 // -expr2 exprn_even_gt0.
have le_ab : lam - s <= lam + s by rewrite ler_add2l ge0_cp // ltW.
have [x /andP[lo hi]] := poly_ivt le_ab (introT andP (conj dn_H up_H)).
rewrite rootZ // => rootx; exists x => //.
by rewrite (le_lt_trans _ s_radius) // ler_distl lo.
Qed.

(** There is one branch: near X, the eigenvalue near λ is a function of the matrix. *)
Theorem branch_exists : exists f : 'M[R]_n -> R, exists2 r, 0 < r &
  f X = lam /\ forall H, norm H < r -> forall x,
    (`|x - lam| < radius /\ root (char_poly (X + H)) x) <-> x = f (X + H).
Proof.
have [r r_gt0 ex] := eigenvalue_exists.
pose m := Num.min r radius; have m_gt0 : 0 < m by rewrite lt_minr r_gt0 radius_gt0.
pose good A x := (norm (A - X) < m) ==> (`|x - lam| < radius) && root (char_poly A) x.
have ex_good A : exists x, good A x.
  rewrite /good; have [|_] := boolP (norm (A - X) < m); last by exists 0.
  rewrite lt_minr => /andP[/ex[x le_x rootx] _]; exists x.
  by rewrite /= le_x -[A](subrK X) addrC.
pose f A := xchoose (ex_good A).
have fP H : norm H < m -> `|f (X + H) - lam| < radius /\ root (char_poly (X + H)) (f (X + H)).
  move=> small; have := xchooseP (ex_good (X + H)); rewrite -/(f _) /good.
  by rewrite [X + H - X]addrAC subrr add0r small => /andP.
have unique H x : norm H < m -> `|x - lam| < radius -> root (char_poly (X + H)) x -> x = f (X + H).
  move=> small le_x rootx; have [le_f rootf] := fP H small.
  have small' : norm H < radius by move: small; rewrite lt_minr => /andP[].
  exact: eigenvalue_isolated symX eigenpair unit_v simple _ _ _ (nearby_radius small' le_x)
    (nearby_radius small' le_f) rootx rootf.
exists f, m => //; split=> [|H small x].
  by rewrite -[X]addr0; apply/esym/unique; rewrite ?norm_0 ?subrr ?normr0 ?radius_gt0 ?addr0.
by split=> [[le_x rootx] | ->]; [apply: unique | apply: fP].
Qed.

(** The branch has the gradient v vᵀ at X, and the second differential 2 vᵀH R H v. *)
Theorem branch_differentiable : exists f : 'M[R]_n -> R,
  [/\ f X = lam,
      exists2 r, 0 < r & forall H, norm H < r -> forall x,
        (`|x - lam| < radius /\ root (char_poly (X + H)) x) <-> x = f (X + H),
      gradient_sym f X (v *m v^T)
    & second_sym f X (v *m v^T) (fun H => 2%:R * ⟨v, H *m resolvent X v lam *m H *m v⟩)].
Proof.
have [f [r r_gt0 [f_X branch]]] := branch_exists.
have roots : exists2 r, 0 < r &
    forall H, H^T = H -> norm H < r -> root (char_poly (X + H)) (f (X + H)).
  by exists r => // H _ /branch/(_ (f (X + H)))[_ /(_ erefl)[]].
have cont : continuous_sym f X.
  have c_ge0 : 0 <= 2%:R * norm v ^+ 2 by rewrite mulr_ge0 ?ler0n ?sqr_ge0.
  move=> e e_gt0; have [s s_gt0 le_e] := small_enough c_ge0 (divr_gt0 e_gt0 (ltr0Sn _ 1)).
  exists (Num.min r (Num.min s radius)) => [|H symH].
    by rewrite !lt_minr r_gt0 s_gt0 radius_gt0.
  rewrite !lt_minr f_X => /and3P[/branch/(_ (f (X + H)))[_ /(_ erefl)[le_f rootf]]].
  move=> /(le_e _ (norm_ge0 H)) le_H H_radius.
  have near := nearby_radius H_radius le_f.
  have [y eig vy] := eigenvector_exists_near symX eigenpair unit_v simple near rootf.
  apply: le_lt_trans (eigenvalue_close symX eigenpair unit_v simple near eig vy) _.
  by rewrite (le_lt_trans le_H) // ltr_pdivr_mulr ?ltr0n // ltr_pmulr // ltr1n.
exists f; split=> //; first by exists r.
- exact: eigenvalue_gradient symX eigenpair unit_v simple f f_X cont roots.
- exact: eigenvalue_second symX eigenpair unit_v simple f f_X cont roots.
Qed.

End Existence.
